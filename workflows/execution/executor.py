"""
Executors: they claim attempts, run them side by side in slots, and report how they end.

`manage.py local_runner` and `run_workflow` execute the attempts of local runners as they come, a
Celery worker executes one attempt per message.
"""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from multiprocessing.connection import wait
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from runners.functions import load_functions
from runners.jobs import BadPayload, job_of
from runners.kinds import kinds_served_locally
from runners.process import Slot
from workflows.db import failpoints
from workflows.dispatch.auto_dispatch import offer_free_places
from workflows.dispatch.claims import (
    Claimed,
    ClaimRequest,
    claim_attempts,
    claim_waiting,
    mark_started,
)
from workflows.dispatch.leases import EXECUTOR_LEASE, RENEW_EVERY_S, extend_leases
from workflows.execution.prefetch import PrefetchBuffer
from workflows.execution.running_attempt import CANCELED, RunningAttempt
from workflows.models import LogPiece, TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.models.attempt import by_run
from workflows.operations.holds import release_due
from workflows.payloads.secrets import revealed, secrets_of
from workflows.reports.apply import apply_reports_and_claim
from workflows.reports.logs import AttemptLog
from workflows.reports.recovery import recover_overdue
from workflows.reports.report import Report

LOOK_EVERY_S = 0.2
"""How often an executor with free slots looks for waiting attempts."""
CHECK_EVERY_S = 0.5
"""How often the running attempts are checked: cancellations, time-outs, logs."""
REPORT_TOGETHER_S = 0.002
MAX_REPORT_TOGETHER_S = 0.01
"""How long a finished attempt waits for the next one, and for all, to share its transaction."""
REPORT_START_AFTER = timedelta(milliseconds=20)
"""The start of a prefetched attempt is reported with its end, unless it runs longer than this."""
RETRY_AFTER_S = 1.0
"""How long to wait before the next try if the database does not answer."""

STOPPED = "the local runner was stopped while it worked on this"

logger = logging.getLogger(__name__)

_spare: deque[Slot] = deque()
"""Slots that `execute` keeps for later attempts in this process, in any thread."""


def execute(attempt_id: UUID, *, by: Actor) -> None:
    """
    Execute one attempt to its end; do nothing if it is claimed, has ended or is unknown.

    However often this is called for an attempt, it is executed once.
    """
    executor = Executor(concurrency=1, by=by, attempt_id=attempt_id)
    executor.serve(lambda: executor.is_claiming)


def close_spare_slots() -> None:
    """End the slots that `execute` keeps for the next attempt."""
    while _spare:
        _spare.pop().close()


_upkeep = {"due_at": 0.0}


def _is_upkeep_due() -> bool:
    """Return True once in a while for each process, however many executors it has had."""
    # Two threads of a worker may both get True: it does no harm to do the upkeep twice.
    now = time.monotonic()
    if now < _upkeep["due_at"]:
        return False
    _upkeep["due_at"] = now + RENEW_EVERY_S
    return True


class Executor:
    """
    Executes attempts, `concurrency` at a time, in one thread.

    Attempts that finish together are reported in one transaction, which also claims the next ones.
    The attempts run in the processes of the slots meanwhile.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        by: Actor,
        run_id: int | None = None,
        attempt_id: UUID | None = None,
    ) -> None:
        """Prepare to execute local attempts, of all runs or of one; or one attempt of any kind."""
        load_functions()
        self._concurrency = concurrency
        self._by = by
        self._run_id = run_id
        self._attempt_id = attempt_id
        self._is_claiming = True
        self._running: dict[UUID, RunningAttempt] = {}
        # Reports and logs that are not stored yet. They are cleared after the commit: if it fails,
        # they are stored again, which changes nothing.
        self._finished: dict[int, list[Report]] = defaultdict(list)
        self._pieces: list[LogPiece] = []
        self._prefetched = PrefetchBuffer(concurrency)
        self._idle: deque[Slot] = _spare if attempt_id else deque()
        self._next: dict[str, float] = defaultdict(float)

    @property
    def is_idle(self) -> bool:
        """True if no attempt is running or prefetched, and every end is reported."""
        return not self._running and not self._finished and not self._prefetched

    def serve(self, should_continue: Callable[[], bool]) -> None:
        """Execute while `should_continue()`; then finish the running attempts and end the slots."""
        try:
            while should_continue() or not self.is_idle:
                self._turn()
        finally:
            own = () if self._attempt_id else self._idle
            for slot in [*own, *(each.slot for each in self._running.values())]:
                slot.close()

    @property
    def is_claiming(self) -> bool:
        """True if it claims further attempts; a single given attempt is claimed only once."""
        return self._is_claiming

    def stop_claiming(self) -> None:
        """Claim no more attempts; they wait for the next executor."""
        self._is_claiming = False

    def end_all(self, why: str = STOPPED) -> None:
        """End the running attempts; they are reported as failed, with the reason."""
        for running in self._running.values():
            running.end(why)

    def _turn(self) -> None:
        has_news = bool(self._finished)
        try:
            self._report_finished()
            if self._is_due("tidy", LOOK_EVERY_S):
                self._report_starts()
                self._release_prefetched()
            if self._free_slots() and self._is_due("look", LOOK_EVERY_S):
                self._claim_waiting()
            if self._is_due("check", CHECK_EVERY_S):
                self._check()
            if self._is_due("renew", RENEW_EVERY_S):
                self._renew()
        except OperationalError as exc:
            logger.warning("The database does not answer (%s); trying again.", exc)
            connection.close()
            time.sleep(RETRY_AFTER_S)
        # If everything is reported now, `serve` decides whether to continue before this waits
        # again.
        if self._running or not has_news:
            self._collect()

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + every_s
        return True

    def _report_finished(self) -> None:
        for run_id, reports in list(self._finished.items()):
            with transaction.atomic():
                self._store_pieces()
                claimed = apply_reports_and_claim(run_id, reports, self._request_in_same_run())
            failpoints.point("report.committed")
            self._pieces.clear()
            del self._finished[run_id]
            self._begin_all(claimed)

    def _request_in_same_run(self) -> ClaimRequest:
        """Let a run keep the free slots; now and then, leave them to the run that waits longest."""
        keeps = self._run_id or time.monotonic() < self._next["look"]
        if not keeps or not self._is_claiming or self._attempt_id:
            return self._request()
        return self._request(slots=self._free_slots(), prefetch=self._prefetched.free)

    def _request(self, *, slots: int = 0, prefetch: int = 0) -> ClaimRequest:
        return ClaimRequest(slots, prefetch, EXECUTOR_LEASE, self._by)

    def _release_prefetched(self) -> None:
        if self._is_claiming:
            self._prefetched.release_stale()
        else:
            self._prefetched.release_all()

    def _claim_waiting(self) -> None:
        if self._run_id:
            request = self._request(slots=self._free_slots())
            self._begin_all(claim_waiting(self._run_id, request))
            return
        for run_id, attempt_ids in self._waiting().items():
            started = claim_attempts(run_id, attempt_ids, lease=EXECUTOR_LEASE, by=self._by)
            self._begin_all(Claimed(started))
        if self._attempt_id:
            self.stop_claiming()

    def _waiting(self) -> dict[int, list[UUID]]:
        """Return the ids of as many waiting attempts as there are free slots, by run."""
        found: dict[int, list[UUID]] = defaultdict(list)
        waiting = TaskAttempt.objects.waiting().filter(self._mine())
        for run, attempt in waiting.values_list("task__run_id", "pk")[: self._free_slots()]:
            found[run].append(attempt)
        return found

    def _mine(self) -> Q:
        if self._attempt_id:
            return Q(pk=self._attempt_id)
        return Q(runner_kind__in=kinds_served_locally(), lease_expires_at=None)

    def _free_slots(self) -> int:
        return self._concurrency - len(self._running) if self._is_claiming else 0

    def _begin_all(self, claimed: Claimed) -> None:
        """Begin the started attempts, then prefetched ones as long as there are slots."""
        for attempt in claimed.started:
            self._begin(attempt)
        for attempt in claimed.prefetched:
            self._prefetched.add(attempt)
        self._begin_prefetched()

    def _begin_prefetched(self) -> None:
        while len(self._running) < self._concurrency and (attempt := self._prefetched.next()):
            self._begin(attempt)

    def _begin(self, attempt: TaskAttempt) -> None:
        ids = {
            "ORCHESTRATOR_RUN_ID": str(attempt.run_id),
            "ORCHESTRATOR_TASK_ID": str(attempt.task_id),
            "ORCHESTRATOR_ATTEMPT_ID": str(attempt.pk),
        }
        try:
            job = job_of(
                revealed(attempt),
                base_dir=settings.BASE_DIR,
                ids=ids,
                secret_names=attempt.runner.secret_names if attempt.runner else (),
            )
        except BadPayload as exc:
            report = Report(attempt.pk, TaskState.FAILED, message=str(exc))
            self._finished[attempt.run_id].append(report)
            return
        deadline = time.monotonic() + attempt.timeout_seconds
        secrets = secrets_of(attempt)
        log = AttemptLog(attempt.pk, secrets=secrets)
        running = RunningAttempt(attempt, self._free_slot(), log, deadline, secrets)
        self._running[attempt.pk] = running
        running.slot.begin(job)
        failpoints.point("execution.started")

    def _report_starts(self) -> None:
        """Store the start of prefetched attempts that run for a while."""
        latest = timezone.now() - REPORT_START_AFTER
        unreported = [
            running.attempt
            for running in self._running.values()
            if not running.attempt.started_at and running.started_at < latest
        ]
        for run_id, attempts in by_run(unreported).items():
            ids = [attempt.pk for attempt in attempts]
            mark_started(run_id, ids, lease=EXECUTOR_LEASE, by=self._by)
            for attempt in attempts:
                attempt.started_at = timezone.now()

    def _free_slot(self) -> Slot:
        with suppress(IndexError):  # not asked before: another thread may take the last one
            while True:
                if (slot := self._idle.pop()).is_alive:
                    return slot
                slot.close()
        return Slot()

    def _check(self) -> None:
        for running in self._running.values():
            running.end_if_overdue()
            self._pieces += running.log.pieces()
        if self._running:
            self._end_canceled()
        self._store_pieces()
        self._pieces.clear()

    def _end_canceled(self) -> None:
        """End attempts that an operator canceled or that another process has closed."""
        gone = TaskAttempt.objects.filter(pk__in=[*self._running, *self._prefetched]).exclude(
            Q(outcome=""), task__cancel_requested_at=None
        )
        for attempt_id, outcome in gone.values_list("pk", "outcome"):
            if attempt_id in self._running:
                self._running[attempt_id].end(CANCELED)
                continue
            attempt = self._prefetched.pop(attempt_id)
            if not outcome:
                canceled = Report(attempt_id, TaskState.CANCELED, message=CANCELED)
                self._finished[attempt.run_id].append(canceled)

    def _store_pieces(self) -> None:
        if self._pieces:
            LogPiece.objects.bulk_create(self._pieces, ignore_conflicts=True)

    def _renew(self) -> None:
        """Renew the leases of its attempts; now and then, do what no other process does."""
        if self._running:
            extend_leases([*self._running, *self._prefetched], EXECUTOR_LEASE)
        if _is_upkeep_due():
            recover_overdue(by=self._by)
            release_due(by=self._by)
            offer_free_places(by=self._by)

    def _collect(self) -> None:
        """Wait a moment for output and outcomes of the slots, and take them."""
        if not self._running:
            time.sleep(LOOK_EVERY_S if self._is_claiming and not self._finished else 0)
            return
        received = self._receive(0 if self._finished else LOOK_EVERY_S)
        # Attempts that end a moment later are reported in the same transaction. There is a limit:
        # an attempt that prints without a pause must not keep the others from being reported.
        give_up_at = time.monotonic() + MAX_REPORT_TOGETHER_S
        while received and self._running and self._finished and time.monotonic() < give_up_at:
            received = self._receive(REPORT_TOGETHER_S)

    def _receive(self, timeout_s: float) -> bool:
        """Take the first output and outcomes that arrive in time; return True if any did."""
        sources: dict[Any, RunningAttempt] = {}
        for running in self._running.values():
            sources |= {running.slot.output: running, running.slot.control: running}
        ready = wait(list(sources), timeout_s)
        for source in ready:
            running = sources[source]
            if source is running.slot.output:
                running.log.write(running.slot.read_output())
            elif running.attempt.pk in self._running:
                self._take_outcome(running)
        return bool(ready)

    def _take_outcome(self, running: RunningAttempt) -> None:
        if (outcome := running.slot.outcome()) is None:
            return
        while output := running.slot.read_output():
            running.log.write(output)
        self._pieces += running.log.last_pieces()
        del self._running[running.attempt.pk]
        if outcome.is_dead:
            running.slot.close()
        else:
            self._idle.append(running.slot)
        self._finished[running.attempt.run_id].append(running.report(outcome))
        self._prefetched.record_duration(timezone.now() - running.started_at)
        failpoints.point("execution.ended")
        self._begin_prefetched()
