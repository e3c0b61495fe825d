"""What an executor must say and ask now and then about the attempts that it holds."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from workflows.dispatch.claims import mark_started
from workflows.dispatch.leases import EXECUTOR_LEASE
from workflows.execution.attempt_report import CANCELED
from workflows.execution.holdings import Holdings, Unwanted
from workflows.execution.prefetch import PrefetchBuffer
from workflows.execution.reporter import Reporter
from workflows.execution.running_attempts import RunningAttempts
from workflows.execution.set_aside import SetAside
from workflows.models import TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.models.attempt import by_run
from workflows.reports.report import Report

REPORT_START_AFTER = timedelta(milliseconds=20)
"""The start of a prefetched attempt is reported with its end, unless it runs longer than this."""


class Supervision:
    """Keeps the database and the attempts of an executor in step while they run."""

    def __init__(
        self,
        running: RunningAttempts,
        prefetched: PrefetchBuffer,
        reporter: Reporter,
        holdings: Holdings,
        *,
        by: Actor,
    ) -> None:
        """Supervise what runs and what has been prefetched."""
        self._running = running
        self._prefetched = prefetched
        self._reporter = reporter
        self._holdings = holdings
        self._by = by
        self._set_aside = SetAside()

    def drop_unwanted(self) -> None:
        """Drop what the keeper has found unwanted, as far as it has not begun."""
        for unwanted in self._holdings.take_unwanted():
            self._drop(unwanted)

    def publish(self) -> None:
        """Tell the keeper what is held now."""
        self._holdings.held = frozenset((*self._running, *self._prefetched, *self._reporter))

    def report_starts(self) -> None:
        """Store the start of prefetched attempts that run for a while."""
        unreported = self._running.with_unreported_start(timezone.now() - REPORT_START_AFTER)
        for run_id, attempts in by_run(unreported).items():
            name = f"starts in workflow run {run_id}"
            if run_id not in self._set_aside:
                with self._set_aside.bulkhead(run_id, name, run_id=run_id):
                    self._report_starts_in(run_id, attempts)

    def store_logs(self) -> None:
        """Store what has been printed."""
        self._reporter.store_pieces(self._running.new_pieces())

    def _report_starts_in(self, run_id: int, attempts: Sequence[TaskAttempt]) -> None:
        ids = [attempt.pk for attempt in attempts]
        mark_started(run_id, ids, lease=EXECUTOR_LEASE, by=self._by)
        for attempt in attempts:
            attempt.started_at = timezone.now()

    def _drop(self, unwanted: Unwanted) -> None:
        """End what has not begun; what has ended is about to be reported anyway."""
        if unwanted.attempt_id in self._running:
            self._running.end(unwanted.attempt_id, CANCELED)
        elif (attempt := self._prefetched.pop(unwanted.attempt_id)) and not unwanted.is_closed:
            canceled = Report(attempt.pk, TaskState.CANCELED, message=CANCELED)
            self._reporter.add(attempt.run_id, canceled)
