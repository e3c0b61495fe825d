"""The attempts that an executor runs: begun in slots, heard of, and reported when over."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from django.conf import settings

from runners.jobs import BadPayload, FunctionJob, Job, job_of
from runners.slots.pool import SlotPool, Source
from runners.slots.server_handle import NoSlot
from workflows.db import failpoints
from workflows.execution.attempt_report import STOPPED, report_on
from workflows.execution.reporter import Reporter
from workflows.execution.running_attempt import RunningAttempt
from workflows.models import TaskAttempt, TaskState
from workflows.payloads.secrets import revealed, secrets_of
from workflows.reports.logs import AttemptLog
from workflows.reports.report import Report

TRY_AGAIN_EVERY_S = 0.2
"""How often attempts that found no room for their processes are begun again."""
WARN_EVERY_S = 5.0

logger = logging.getLogger(__name__)


class RunningAttempts:
    """What runs now, by the id of the attempt; also what waits until there is room to run."""

    def __init__(self, slots: SlotPool, reporter: Reporter) -> None:
        """Run attempts in these slots, and report them to this reporter."""
        self._slots = slots
        self._reporter = reporter
        self._running: dict[UUID, RunningAttempt] = {}
        self._by_slot: dict[object, RunningAttempt] = {}
        self._waiting: dict[UUID, TaskAttempt] = {}
        self._try_again_at = self._warn_at = 0.0
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
            job = _job_of(attempt)
            secrets = secrets_of(attempt)
            log = AttemptLog(attempt.pk, secrets=secrets)
            slot = self._slots.begin(str(attempt.pk), job)
        except BadPayload as exc:
            self._fail(attempt, str(exc))
        except NoSlot as exc:
            self._wait_for_room(attempt, str(exc))
        except Exception as exc:
            logger.exception("Attempt %s could not be begun.", attempt.pk)
            self._fail(attempt, f"it could not be begun: {_text(exc)}")
        else:
            running = RunningAttempt(attempt, slot, log, isinstance(job, FunctionJob), secrets)
            self._running[attempt.pk] = self._by_slot[slot] = running
            failpoints.point("execution.started")

    def end(self, attempt_id: UUID, why: str) -> None:
        """End an attempt; one that still waits for room ends at once."""
        if attempt := self._waiting.pop(attempt_id, None):
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
        self._begin_waiting()
        heard = self._slots.wait(self._until_due(timeout_s))
        for slot, source in heard:
            if running := self._by_slot.get(slot):
                self._guarded(running, lambda r=running, s=source: self._hear(r, s))  # type: ignore[misc]
            else:
                self._slots.discard(slot)  # a free slot has died
        for running in self._running.values():
            self._guarded(running, running.check)
        if any(running.is_server_hung for running in self._running.values()):
            logger.error("The fork server does not answer; it is killed, with all its slots.")
            self._slots.replace_server()
        return bool(heard)

    def finish(self) -> Iterator[RunningAttempt]:
        """Report the attempts that are over, and yield them; their slots are free then."""
        for running in list(self._running.values()):
            if running.no_room:
                self._remove(running)
                self._wait_for_room(running.attempt, running.no_room)
            elif running.is_over:
                self._report(running)
                self._remove(running)
                yield running

    def with_unreported_start(self, before: datetime) -> list[TaskAttempt]:
        """Return the attempts that began before a moment, which is not stored yet."""
        running = [each for each in self._running.values() if each.started_at < before]
        return [each.attempt for each in running if not each.attempt.started_at]

    def store_logs(self) -> None:
        """Store what has been printed since the last time."""
        for running in self._running.values():
            self._guarded(running, lambda r=running: self._reporter.add_pieces(r.log.pieces()))  # type: ignore[misc]
        self._reporter.store_pieces()

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

    def _guarded(self, running: RunningAttempt, action: Callable[[], object]) -> None:
        """Do something for an attempt; if it raises, that attempt fails and no other."""
        try:
            action()
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

    def _wait_for_room(self, attempt: TaskAttempt, why: str) -> None:
        self._waiting[attempt.pk] = attempt
        if time.monotonic() >= self._warn_at:
            self._warn_at = time.monotonic() + WARN_EVERY_S
            logger.warning("%d attempts wait for room to run: %s", len(self._waiting), why)

    def _begin_waiting(self) -> None:
        """Begin attempts that found no room, if a slot may be free by now."""
        if self._waiting and time.monotonic() >= self._try_again_at:
            self._try_again_at = time.monotonic() + TRY_AGAIN_EVERY_S
            waiting, self._waiting = self._waiting, {}
            for attempt in waiting.values():
                self.begin(attempt)

    def _until_due(self, timeout_s: float) -> float:
        """Return how long to wait, so that nothing is done late."""
        due = min((running.due_at for running in self._running.values()), default=float("inf"))
        return max(0.0, min(timeout_s, due - time.monotonic()))


def _job_of(attempt: TaskAttempt) -> Job:
    ids = {
        "ORCHESTRATOR_RUN_ID": str(attempt.run_id),
        "ORCHESTRATOR_TASK_ID": str(attempt.task_id),
        "ORCHESTRATOR_ATTEMPT_ID": str(attempt.pk),
    }
    return job_of(
        revealed(attempt),
        base_dir=settings.BASE_DIR,
        ids=ids,
        secret_names=attempt.runner.secret_names if attempt.runner else (),
    )


def _text(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"
