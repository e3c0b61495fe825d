"""The attempts that an executor runs: begun in slots, and reported when they are over."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from runners.jobs import BadPayload, CommandJob
from runners.slots.pool import SlotPool
from runners.slots.server_handle import NoSlot
from workflows.db import failpoints
from workflows.execution.attempt_job import job_of_attempt
from workflows.execution.attempt_report import STOPPED, read_rest, report_on
from workflows.execution.bulkhead import bulkhead, text_of
from workflows.execution.ending import Ending
from workflows.execution.in_slots import AttemptsInSlots
from workflows.execution.reporter import Reporter
from workflows.execution.running_attempt import RunningAttempt
from workflows.execution.tenure import Tenure
from workflows.execution.waiting_room import WaitingRoom
from workflows.models import LogPiece, TaskAttempt, TaskState
from workflows.payloads.secrets import masked, secrets_of
from workflows.reports.logs import AttemptLog
from workflows.reports.report import Report

UNMASKABLE = "its secrets cannot be found; the log of the executor says what else has failed"

logger = logging.getLogger(__name__)


class RunningAttempts:
    """What runs now, by the id of the attempt; also what waits until there is room to run."""

    def __init__(self, slots: SlotPool, reporter: Reporter, tenure: Tenure) -> None:
        """Run attempts in these slots, and report them to this reporter."""
        self._slots = slots
        self._reporter = reporter
        self.in_slots = AttemptsInSlots()
        self._tenure = tenure
        self._waiting = WaitingRoom(tenure)
        self.is_stopping = False
        """Attempts that end by a SIGTERM from now on were stopped together with the executor."""

    def __len__(self) -> int:
        """Return how many attempts have been begun or wait for room."""
        return len(self.in_slots) + len(self._waiting)

    def __iter__(self) -> Iterator[UUID]:
        """Yield their ids."""
        yield from (running.attempt.pk for running in self.in_slots)
        yield from self._waiting

    def begin_if_ours(self, attempt: TaskAttempt, claimed_at: float) -> None:
        """Begin an attempt that was claimed at this `uptime()`, once it is known to be ours yet."""
        if self._tenure.covers(claimed_at):
            self.begin(attempt)
        else:
            self._waiting.add(attempt, "this process stood still", claimed_at)

    def begin(self, attempt: TaskAttempt) -> None:
        """Begin a claimed attempt; one that cannot begin fails, and harms no other."""
        try:
            self._begin(attempt)
        except BadPayload as exc:
            self._fail(attempt, str(exc))
        except NoSlot as exc:
            self._waiting.add(attempt, str(exc))
        except Exception as exc:
            logger.exception("Attempt %s could not be begun.", attempt.pk)
            self._fail(attempt, f"it could not be begun: {text_of(exc)}")

    def end(self, attempt_id: UUID, why: str) -> None:
        """End an attempt; one that still waits for room ends at once."""
        if attempt := self._waiting.pop(attempt_id):
            status = TaskState.FAILED if why == STOPPED else TaskState.CANCELED
            self._reporter.add(attempt.run_id, Report(attempt.pk, status, message=why))
        else:
            self.in_slots.end(attempt_id, why)

    def end_all(self, why: str) -> None:
        """End all attempts."""
        for attempt_id in list(self):
            self.end(attempt_id, why)

    def begin_waiting(self) -> None:
        """Begin the attempts for which there was no room before."""
        for attempt in self._waiting.take_all():
            self.begin(attempt)

    def finish(self) -> list[RunningAttempt]:
        """Report the attempts that are over, and return them; their slots are free then."""
        over = []
        with self.in_slots.guard:
            for running in self.in_slots:
                if running.no_room:
                    self._remove(running)
                    self._waiting.add(running.attempt, running.no_room)
                elif running.is_over:
                    self._report(running)
                    self._remove(running)
                    over.append(running)
        return over

    def with_unreported_start(self, before: datetime) -> list[TaskAttempt]:
        """Return the attempts that began before a moment, which is not stored yet."""
        running = [each for each in self.in_slots if each.started_at < before]
        return [each.attempt for each in running if not each.attempt.started_at]

    def new_pieces(self) -> list[LogPiece]:
        """Return what has been printed since the last time."""
        pieces: list[LogPiece] = []
        for running in self.in_slots:
            with bulkhead(running):
                pieces += running.log.pieces()
        return pieces

    def _begin(self, attempt: TaskAttempt) -> None:
        job = job_of_attempt(attempt)
        secrets = secrets_of(attempt)
        log = AttemptLog(attempt.pk, secrets=secrets)
        slot = self._slots.begin(str(attempt.pk), job)
        ending = Ending(slot, not isinstance(job, CommandJob))
        running = RunningAttempt(attempt, slot, log, ending, secrets)
        self.in_slots.add(running)
        failpoints.point("execution.started")
        logger.debug("Attempt %s begins.", attempt.pk, extra={"run_id": attempt.run_id})

    def _remove(self, running: RunningAttempt) -> None:
        self.in_slots.remove(running)
        if running.is_slot_clean:
            self._slots.put_back(running.slot)
        else:
            self._slots.discard(running.slot)

    def _report(self, running: RunningAttempt) -> None:
        try:
            read_rest(running)
            pieces = running.log.last_pieces()
            report = report_on(running, is_stopping=self.is_stopping)
        except Exception as exc:
            logger.exception("Attempt %s fails.", running.attempt.pk)
            self._fail(running.attempt, f"its end could not be reported: {text_of(exc)}")
        else:
            self._reporter.add(running.attempt.run_id, report, pieces)
            about = {"run_id": running.attempt.run_id, "exit_code": report.exit_code}
            logger.debug("Attempt %s: %s.", running.attempt.pk, report.status, extra=about)

    def _fail(self, attempt: TaskAttempt, why: str) -> None:
        report = Report(attempt.pk, TaskState.FAILED, message=_masked(why, attempt))
        self._reporter.add(attempt.run_id, report)


def _masked(why: str, attempt: TaskAttempt) -> str:
    """
    Mask what may quote the payload; a secret that cannot be read was not revealed in it.

    It never raises: the attempts that were claimed together with this one have yet to begin.
    """
    try:
        secrets = secrets_of(attempt)
    except Exception:  # rows that only a person with SQL can have written
        logger.exception("The secrets of attempt %s cannot be found.", attempt.pk)
        return UNMASKABLE
    return str(masked(why, replace(secrets, hides_all=False)))
