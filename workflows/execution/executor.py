"""
Executors: they claim attempts, run them side by side in slots, and report how they end.

`manage.py local_runner` and `run_workflow` execute the attempts of local runners as they come, a
Celery worker executes one attempt per message.
"""

import time
from collections.abc import Callable
from uuid import UUID

from runners.functions import load_functions
from runners.slots.pool import SlotPool
from workflows import periodic
from workflows.execution import run_directories
from workflows.execution.attempt_report import STOPPED
from workflows.execution.claimer import LOOK_EVERY_S, Claimer
from workflows.execution.collector import Collector
from workflows.execution.holdings import Holdings
from workflows.execution.intake import Intake
from workflows.execution.keeper import keeper
from workflows.execution.listener import Listener
from workflows.execution.prefetch import PrefetchBuffer
from workflows.execution.reporter import Reporter
from workflows.execution.running_attempts import RunningAttempts
from workflows.execution.supervision import Supervision
from workflows.execution.tenure import Tenure
from workflows.execution.timers import Timers
from workflows.models.actor import Actor

CHECK_EVERY_S = 0.5
"""How often logs are stored, and periodic work is looked for."""
WIND_UP_WITHIN_S = 60.0
"""How long an executor that fails itself tries to end and report what it runs."""


def execute(attempt_id: UUID, *, by: Actor, slots: SlotPool | None = None) -> None:
    """
    Execute one attempt to its end; do nothing if it is claimed, has ended or is unknown.

    However often this is called for an attempt, it is executed once.

    :param slots: the slots of this thread; without them, the slot ends with the attempt.
    """
    executor = Executor(concurrency=1, by=by, attempt_id=attempt_id, slots=slots)
    executor.serve(lambda: executor.is_claiming)


class Executor:
    """
    Executes attempts, `concurrency` at a time, in the loop of one thread.

    Attempts that finish together are reported in one transaction, which also claims the next ones.
    The attempts run in the processes of the slots meanwhile. What must not wait for the loop is
    done by the keeper of this process.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        by: Actor,
        run_id: int | None = None,
        attempt_id: UUID | None = None,
        slots: SlotPool | None = None,
    ) -> None:
        """Prepare to execute local attempts, of all runs or of one; or one attempt of any kind."""
        load_functions()
        self._by = by
        self._owns_slots = slots is None
        self._slots = slots or SlotPool()
        self._claimer = Claimer(by=by, run_id=run_id, attempt_id=attempt_id)
        self._tenure = Tenure()
        self._prefetched = PrefetchBuffer(concurrency, self._tenure)
        self._reporter = Reporter()
        self._running = RunningAttempts(self._slots, self._reporter, self._tenure)
        self._holdings = Holdings(self._running.in_slots, self._slots, self._tenure)
        self._intake = Intake(
            self._claimer, self._prefetched, self._running, concurrency=concurrency
        )
        self.first_claim = self._intake.first_claim
        self._collector = Collector(
            Listener(self._slots, self._running.in_slots),
            self._running,
            self._reporter,
            self._prefetched,
            self._intake,
        )
        self._supervision = Supervision(
            self._running, self._prefetched, self._reporter, self._holdings, by=by
        )
        self._timers = Timers()

    @property
    def is_idle(self) -> bool:
        """True if no attempt is running or prefetched, and every end is reported."""
        return not self._running and not self._reporter and not self._prefetched

    @property
    def is_claiming(self) -> bool:
        """True if it claims further attempts; a single given attempt is claimed only once."""
        return self._claimer.is_claiming

    def serve(self, should_continue: Callable[[], bool]) -> None:
        """Execute while `should_continue()`; then finish the running attempts and end the slots."""
        try:
            with keeper().keeping(self._holdings), self._holdings.silence.listening():
                self._serve(should_continue)
        finally:
            if self._owns_slots:
                self._slots.close()

    def _serve(self, should_continue: Callable[[], bool]) -> None:
        try:
            # Though it stops at once: what it has claimed is reported.
            self._timers.run("unheard claims", LOOK_EVERY_S, self._begin_unheard)
            while should_continue() or not self.is_idle:
                self._turn()
        except BaseException:
            self._wind_up()
            raise

    def stop(self) -> None:
        """Claim no more; an attempt that ends by a SIGTERM from now on was stopped with this."""
        self._claimer.is_claiming = False
        self._running.is_stopping = True

    def end_all(self, why: str = STOPPED) -> None:
        """End the running attempts; they are reported as failed, with the reason."""
        self._running.end_all(why)

    def _wind_up(self) -> None:
        """End and report what runs, although something in this process has failed."""
        self.stop()
        self.end_all()
        give_up_at = time.monotonic() + WIND_UP_WITHIN_S
        while not self.is_idle and time.monotonic() < give_up_at:
            self._turn()

    def _turn(self) -> None:
        """Report, claim, do what is due, and hear what the slots say."""
        self._holdings.silence.note()
        had_news = self._reporter.has_news
        for claimed in self._reporter.report_all(self._intake.request):
            self._intake.begin(claimed)
            self._supervision.publish()
        self._supervision.drop_unwanted()
        self._supervision.publish()
        self._timers.run("unheard claims", LOOK_EVERY_S, self._begin_unheard)
        self._timers.run("starts", LOOK_EVERY_S, self._supervision.report_starts)
        self._timers.run("prefetched", LOOK_EVERY_S, self._intake.release_prefetched)
        if self._intake.free_slots:
            self._timers.run("claims", LOOK_EVERY_S, self._intake.claim)
        self._supervision.publish()  # before anything that may take long
        self._timers.run("logs", CHECK_EVERY_S, self._supervision.store_logs)
        self._timers.run("periodic work", CHECK_EVERY_S, self._do_periodic_work)
        # If everything is reported now, `serve` decides whether to continue before this waits.
        if self._running or not had_news:
            self._collector.collect(is_waiting=self.is_claiming or bool(self._reporter))

    def _begin_unheard(self) -> None:
        self._intake.begin_unheard(self._holdings.held)

    def _do_periodic_work(self) -> None:
        # An executor whose own leases are not renewed must not judge those of others.
        if self._tenure.is_current:
            periodic.run_due(by=self._by)
            run_directories.remove_unneeded_now_and_then()
