"""
Attempts are executed here: claimed, worked on side by side, reported.

Those of `local` runners as they come, those of Celery's workers one for each message.
"""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
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
from workflows.dispatch.claims import Take, start_attempts, start_waiting
from workflows.dispatch.leases import LEASE
from workflows.execution.prefetch import PrefetchBuffer
from workflows.execution.running_attempt import CANCELED, RunningAttempt
from workflows.models import LogPiece, TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.operations.holds import release_due
from workflows.payloads.secrets import revealed, secrets_of
from workflows.reports.apply import Report, apply_reports
from workflows.reports.logs import AttemptLog
from workflows.reports.recovery import recover_overdue

LOOK_EVERY_S = 0.2
"""How often an executor with free slots looks for new attempts."""
ATTEND_EVERY_S = 0.5
"""How often the work in progress is attended to: cancels, time-outs, logs."""
TOGETHER_S = 0.002
MOST_TOGETHER_S = 0.01
"""How long an end waits for another, and at most, to be reported together with it."""
TELL_AFTER = timedelta(milliseconds=20)
"""What has begun that had been claimed ahead is told with its end, unless it goes on."""
RENEW_EVERY_S = 15.0
RETRY_AFTER_S = 1.0
"""Between two tries while the database does not answer."""

STOPPED = "the local runner was stopped while it worked on this"

logger = logging.getLogger(__name__)

_spare: deque[Slot] = deque()
"""What the executor of one attempt leaves to the next one in this process, in any thread."""


def execute(attempt_id: UUID, *, by: Actor) -> None:
    """
    Execute one attempt to its end; nothing happens if it is claimed, over or unknown.

    Whoever asks twice, at once or a day later, has it executed once.
    """
    executor = Executor(concurrency=1, by=by, attempt_id=attempt_id)
    executor.serve(lambda: executor.takes_more)


def close_spare_slots() -> None:
    """End the processes that `execute` keeps for the next attempt."""
    while _spare:
        _spare.pop().close()


_round = {"due_at": 0.0}


def _is_round_due() -> bool:
    """Say whether this process should look after others, however many executors it has had."""
    # Two threads of a worker may both find it due: what they do then, they may do twice.
    now = time.monotonic()
    if now < _round["due_at"]:
        return False
    _round["due_at"] = now + RENEW_EVERY_S
    return True


class Executor:
    """
    Executes attempts, `concurrency` at a time, in one thread.

    What finished together is reported in one transaction, which also claims what comes next; the
    work itself goes on in processes of its own meanwhile.
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
        self._takes_more = True
        self._working: dict[UUID, RunningAttempt] = {}
        # What has ended and is not stored yet. Emptied after the commit only: had that failed,
        # the same would be stored again, which changes nothing.
        self._finished: dict[int, list[Report]] = defaultdict(list)
        self._pieces: list[LogPiece] = []
        self._ahead = PrefetchBuffer(concurrency)
        self._idle: deque[Slot] = _spare if attempt_id else deque()
        self._next: dict[str, float] = defaultdict(float)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in progress and everything is reported."""
        return not self._working and not self._finished and not self._ahead

    def serve(self, goes_on: Callable[[], bool]) -> None:
        """Execute while `goes_on`, then until what is in progress has ended; leave no process."""
        try:
            while goes_on() or not self.is_idle:
                self._turn()
        finally:
            own = () if self._attempt_id else self._idle
            for slot in [*own, *(work.slot for work in self._working.values())]:
                slot.close()

    @property
    def takes_more(self) -> bool:
        """Whether it claims attempts that wait; the one that was given is looked for once."""
        return self._takes_more

    def take_no_more(self) -> None:
        """Claim no more attempts; they stay for the next executor."""
        self._takes_more = False

    def end_all(self, why: str = STOPPED) -> None:
        """End what is in progress; it is reported as failed, with the reason."""
        for work in self._working.values():
            work.end(why)

    def _turn(self) -> None:
        has_news = bool(self._finished)
        try:
            self._report_finished()
            if self._is_due("tidy", LOOK_EVERY_S):
                self._tell_starts()
                self._ahead.leave(all_of_it=not self._takes_more)
            if self._room() and self._is_due("look", LOOK_EVERY_S):
                self._look()
            if self._is_due("attend", ATTEND_EVERY_S):
                self._attend()
            if self._is_due("renew", RENEW_EVERY_S):
                self._renew()
        except OperationalError as exc:
            logger.warning("The database does not answer (%s); trying again.", exc)
            connection.close()
            time.sleep(RETRY_AFTER_S)
        # What was reported may have been the end of all: whether to go on is asked before waiting.
        if self._working or not has_news:
            self._collect()

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + every_s
        return True

    def _report_finished(self) -> None:
        for run_id, reports in list(self._finished.items()):
            take = self._take_more_of_the_same()
            with transaction.atomic():
                self._store_pieces()
                apply_reports(run_id, reports, by=self._by, take=take)
            failpoints.point("report.committed")
            self._pieces.clear()
            del self._finished[run_id]
            self._begin_all(take.taken)

    def _take_more_of_the_same(self) -> Take:
        """Let a run keep the slots that are free; now and then they are for whoever came first."""
        keeps = self._run_id or time.monotonic() < self._next["look"]
        if not keeps or not self._takes_more or self._attempt_id:
            return Take(0, 0, LEASE, self._by)
        return Take(self._room(), self._ahead.room, LEASE, self._by)

    def _look(self) -> None:
        if self._run_id:
            take = Take(self._room(), 0, LEASE, self._by)
            start_waiting(self._run_id, take)
            self._begin_all(take.taken)
            return
        for run_id, attempt_ids in self._waiting().items():
            self._begin_all(start_attempts(run_id, attempt_ids, lease=LEASE, by=self._by))
        if self._attempt_id:
            self.take_no_more()

    def _waiting(self) -> dict[int, list[UUID]]:
        """Return as many waiting attempts as there are free slots, by run."""
        found: dict[int, list[UUID]] = defaultdict(list)
        waiting = TaskAttempt.objects.waiting().filter(self._mine())
        for run, attempt in waiting.values_list("task__run_id", "pk")[: self._room()]:
            found[run].append(attempt)
        return found

    def _mine(self) -> Q:
        if self._attempt_id:
            return Q(pk=self._attempt_id)
        return Q(runner_kind__in=kinds_served_locally(), lease_expires_at=None)

    def _room(self) -> int:
        return self._concurrency - len(self._working) if self._takes_more else 0

    def _begin_all(self, attempts: Iterable[TaskAttempt]) -> None:
        """Begin what has been started, and then as much of the rest as there are slots."""
        for attempt in attempts:
            if attempt.started_at:
                self._begin(attempt)
            else:
                self._ahead.add(attempt)
        self._go_ahead()

    def _go_ahead(self) -> None:
        while len(self._working) < self._concurrency and (attempt := self._ahead.next()):
            self._begin(attempt)

    def _begin(self, attempt: TaskAttempt) -> None:
        run_id = attempt.task.run_id or 0
        ids = {
            "ORCHESTRATOR_RUN_ID": str(run_id),
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
            self._finished[run_id].append(Report(attempt.pk, TaskState.FAILED, message=str(exc)))
            return
        deadline = time.monotonic() + attempt.timeout_seconds
        secrets = secrets_of(attempt)
        log = AttemptLog(attempt.pk, secrets=secrets)
        work = RunningAttempt(attempt, self._free_slot(), log, deadline, secrets)
        self._working[attempt.pk] = work
        work.slot.begin(job)
        failpoints.point("execution.begun")

    def _tell_starts(self) -> None:
        """Store that something has begun that had been claimed ahead, and goes on."""
        begun: dict[int, list[TaskAttempt]] = defaultdict(list)
        for work in self._working.values():
            if not work.attempt.started_at and timezone.now() - work.begun_at > TELL_AFTER:
                begun[work.attempt.task.run_id or 0].append(work.attempt)
        for run_id, attempts in begun.items():
            ids = [each.pk for each in attempts]
            start_attempts(run_id, ids, lease=LEASE, by=self._by, are_claimed=True)
            for attempt in attempts:
                attempt.started_at = timezone.now()

    def _free_slot(self) -> Slot:
        with suppress(IndexError):  # not asked before: another thread may take the last one
            while True:
                if (slot := self._idle.pop()).is_alive:
                    return slot
                slot.close()
        return Slot()

    def _attend(self) -> None:
        for work in self._working.values():
            work.end_if_overdue()
            self._pieces += work.log.pieces()
        if self._working:
            self._end_canceled()
        self._store_pieces()
        self._pieces.clear()

    def _end_canceled(self) -> None:
        """End the work that an operator canceled, and what was settled behind our back."""
        gone = TaskAttempt.objects.filter(pk__in=[*self._working, *self._ahead]).exclude(
            Q(outcome=""), task__cancel_requested_at=None
        )
        for attempt_id, outcome in gone.values_list("pk", "outcome"):
            if attempt_id in self._working:
                self._working[attempt_id].end(CANCELED)
                continue
            run_id = self._ahead.pop(attempt_id).task.run_id or 0
            if not outcome:
                canceled = Report(attempt_id, TaskState.CANCELED, message=CANCELED)
                self._finished[run_id].append(canceled)

    def _store_pieces(self) -> None:
        if self._pieces:
            LogPiece.objects.bulk_create(self._pieces, ignore_conflicts=True)

    def _renew(self) -> None:
        """Say that what is in progress still is; settle what others no longer say it of."""
        if self._working:
            expires = timezone.now() + LEASE
            mine = TaskAttempt.objects.open().filter(pk__in=[*self._working, *self._ahead])
            mine.update(lease_expires_at=expires)
        if _is_round_due():
            recover_overdue(by=self._by)
            release_due(by=self._by)
            offer_free_places(by=self._by)

    def _collect(self) -> None:
        """Wait a moment for the processes to say something, and take it."""
        if not self._working:
            time.sleep(LOOK_EVERY_S if self._takes_more and not self._finished else 0)
            return
        moment = 0 if self._finished else LOOK_EVERY_S
        heard = self._listen(moment)
        # What ends a moment later is reported in the same transaction; but not for ever, while
        # something prints without pause.
        give_up_at = time.monotonic() + MOST_TOGETHER_S
        while heard and self._working and self._finished and time.monotonic() < give_up_at:
            heard = self._listen(TOGETHER_S)

    def _listen(self, moment: float) -> bool:
        """Take what the processes say within a moment; say whether they said anything."""
        sources: dict[Any, RunningAttempt] = {}
        for work in self._working.values():
            sources |= {work.slot.output: work, work.slot.control: work}
        heard = wait(list(sources), moment)
        for source in heard:
            work = sources[source]
            if source is work.slot.output:
                work.log.write(work.slot.read_output())
            elif work.attempt.pk in self._working:
                self._take_outcome(work)
        return bool(heard)

    def _take_outcome(self, work: RunningAttempt) -> None:
        if (outcome := work.slot.outcome()) is None:
            return
        while output := work.slot.read_output():
            work.log.write(output)
        self._pieces += work.log.last_pieces()
        del self._working[work.attempt.pk]
        if outcome.is_dead:
            work.slot.close()
        else:
            self._idle.append(work.slot)
        self._finished[work.attempt.task.run_id or 0].append(work.report(outcome))
        self._ahead.learn(timezone.now() - work.begun_at)
        failpoints.point("execution.ended")
        self._go_ahead()
