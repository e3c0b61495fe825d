"""The attempts that an executor runs: begun in slots, heard of, and reported when over."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from runners.jobs import BadPayload, FunctionJob
from runners.slots.pool import SlotPool, Source
from runners.slots.server_handle import NoSlot
from workflows.db import failpoints
from workflows.execution.attempt_job import job_of_attempt
from workflows.execution.attempt_report import STOPPED, report_on
from workflows.execution.ending import Ending
from workflows.execution.reporter import Reporter
from workflows.execution.running_attempt import RunningAttempt
from workflows.execution.waiting_room import WaitingRoom
from workflows.models import LogPiece, TaskAttempt, TaskState
from workflows.payloads.secrets import secrets_of
from workflows.reports.logs import AttemptLog
from workflows.reports.report import Report

logger = logging.getLogger(__name__)


class RunningAttempts:
    """What runs now, by the id of the attempt; also what waits until there is room to run."""

    def __init__(self, slots: SlotPool, reporter: Reporter) -> None:
        """Run attempts in these slots, and report them to this reporter."""
        self._slots = slots
        self._reporter = reporter
        self._running: dict[UUID, RunningAttempt] = {}
        self._by_slot: dict[object, RunningAttempt] = {}
        self._waiting = WaitingRoom()
        self.is_stopping = False
        """Attempts that end by a SIGTERM from now on were stopped together with the executor."""

    def __len__(self) -> int:
        """Return how many attempts have been begun or wait for room."""
        return len(self._running) + len(self._waiting)

    def __iter__(self) -> Iterator[UUID]:
        """Yield their ids."""
        yield from self._running
        yield from self._waiting

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
            self._fail(attempt, f"it could not be begun: {_text(exc)}")

    def end(self, attempt_id: UUID, why: str) -> None:
        """End an attempt; one that still waits for room ends at once."""
        if attempt := self._waiting.pop(attempt_id):
            status = TaskState.FAILED if why == STOPPED else TaskState.CANCELED
            self._reporter.add(attempt.run_id, Report(attempt.pk, status, message=why))
        else:
            self._running[attempt_id].end(why)

    def end_all(self, why: str) -> None:
        """End all attempts."""
        for attempt_id in list(self):
            self.end(attempt_id, why)

    def hear(self, timeout_s: float) -> bool:
        """Hear slots until something arrives in time, and do what is due; True if anything did."""
        for attempt in self._waiting.take_all():
            self.begin(attempt)
        heard = self._slots.wait(self._until_due(timeout_s))
        for slot, source in heard:
            if running := self._by_slot.get(slot):
                with self._bulkhead(running):
                    self._hear(running, source)
            else:
                self._slots.discard(slot)  # a free slot has died
        self._check()
        return bool(heard)

    def finish(self) -> Iterator[RunningAttempt]:
        """Report the attempts that are over, and yield them; their slots are free then."""
        for running in list(self._running.values()):
            if running.no_room:
                self._remove(running)
                self._waiting.add(running.attempt, running.no_room)
            elif running.is_over:
                self._report(running)
                self._remove(running)
                yield running

    def with_unreported_start(self, before: datetime) -> list[TaskAttempt]:
        """Return the attempts that began before a moment, which is not stored yet."""
        running = [each for each in self._running.values() if each.started_at < before]
        return [each.attempt for each in running if not each.attempt.started_at]

    def new_pieces(self) -> list[LogPiece]:
        """Return what has been printed since the last time."""
        pieces: list[LogPiece] = []
        for running in self._running.values():
            with self._bulkhead(running):
                pieces += running.log.pieces()
        return pieces

    def _begin(self, attempt: TaskAttempt) -> None:
        job = job_of_attempt(attempt)
        secrets = secrets_of(attempt)
        log = AttemptLog(attempt.pk, secrets=secrets)
        slot = self._slots.begin(str(attempt.pk), job)
        ending = Ending(slot, isinstance(job, FunctionJob))
        running = RunningAttempt(attempt, slot, log, ending, secrets)
        self._running[attempt.pk] = self._by_slot[slot] = running
        failpoints.point("execution.started")

    def _remove(self, running: RunningAttempt) -> None:
        del self._running[running.attempt.pk], self._by_slot[running.slot]
        if running.is_slot_clean:
            self._slots.put_back(running.slot)
        else:
            self._slots.discard(running.slot)

    def _hear(self, running: RunningAttempt, source: Source) -> None:
        slot = running.slot
        try:
            if source is Source.OUTPUT and not running.hear_output():
                self._slots.end_output(slot)
            elif source is Source.CONTROL:
                running.hear_slot()
            elif source is Source.LEASH:
                running.hear_server()
        except EOFError:
            self._slots.ignore(slot.control if source is Source.CONTROL else slot.leash)
            if source is Source.LEASH:
                running.lose_server()

    def _check(self) -> None:
        for running in self._running.values():
            with self._bulkhead(running):
                running.check()
        if any(running.is_server_hung for running in self._running.values()):
            logger.error("The fork server does not answer; it is killed, with all its slots.")
            self._slots.replace_server()

    @contextmanager
    def _bulkhead(self, running: RunningAttempt) -> Iterator[None]:
        """Do something for an attempt; if it raises, that attempt fails and no other."""
        try:
            yield
        except Exception as exc:
            logger.exception("Attempt %s fails.", running.attempt.pk)
            self._slots.end_output(running.slot)
            running.fail(f"its executor could not go on with it: {_text(exc)}")

    def _report(self, running: RunningAttempt) -> None:
        try:
            running.read_rest()
            pieces = running.log.last_pieces()
            report = report_on(running, is_stopping=self.is_stopping)
        except Exception as exc:
            logger.exception("Attempt %s fails.", running.attempt.pk)
            self._fail(running.attempt, f"its end could not be reported: {_text(exc)}")
        else:
            self._reporter.add(running.attempt.run_id, report, pieces)

    def _fail(self, attempt: TaskAttempt, why: str) -> None:
        report = Report(attempt.pk, TaskState.FAILED, message=why)
        self._reporter.add(attempt.run_id, report)

    def _until_due(self, timeout_s: float) -> float:
        """Return how long to wait, so that nothing is done late."""
        due = min((running.due_at for running in self._running.values()), default=float("inf"))
        return max(0.0, min(timeout_s, due - time.monotonic()))


def _text(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"
