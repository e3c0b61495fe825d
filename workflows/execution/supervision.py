"""What an executor must say and ask now and then about the attempts that it holds."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from workflows.dispatch.claims import mark_started
from workflows.dispatch.leases import EXECUTOR_LEASE, extend_leases
from workflows.execution.attempt_report import CANCELED
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
        *,
        by: Actor,
    ) -> None:
        """Supervise what runs and what has been prefetched."""
        self._running = running
        self._prefetched = prefetched
        self._reporter = reporter
        self._by = by
        self._set_aside = SetAside()

    def report_starts(self) -> None:
        """Store the start of prefetched attempts that run for a while."""
        unreported = self._running.with_unreported_start(timezone.now() - REPORT_START_AFTER)
        for run_id, attempts in by_run(unreported).items():
            ids = [attempt.pk for attempt in attempts]
            if run_id in self._set_aside:
                continue
            name = f"starts in workflow run {run_id}"
            with self._set_aside.bulkhead(run_id, name, run_id=run_id):
                mark_started(run_id, ids, lease=EXECUTOR_LEASE, by=self._by)
                for attempt in attempts:
                    attempt.started_at = timezone.now()

    def end_canceled(self) -> None:
        """End attempts that an operator canceled or that another process has closed."""
        held = self._held
        if not held:
            return
        gone = TaskAttempt.objects.filter(pk__in=held).exclude(
            Q(outcome=""), task__cancel_requested_at=None
        )
        for attempt_id, outcome in gone.values_list("pk", "outcome"):
            if attempt_id in self._running:
                self._running.end(attempt_id, CANCELED)
            else:
                self._drop_prefetched(attempt_id, has_ended=bool(outcome))

    def store_logs(self) -> None:
        """Store what has been printed."""
        self._reporter.store_pieces(self._running.new_pieces())

    def renew_leases(self) -> None:
        """Say that the attempts are alive."""
        if held := self._held:
            extend_leases(held, EXECUTOR_LEASE)
            self._running.note_renewal()

    @property
    def _held(self) -> list[UUID]:
        return [*self._running, *self._prefetched]

    def _drop_prefetched(self, attempt_id: UUID, *, has_ended: bool) -> None:
        attempt = self._prefetched.pop(attempt_id)
        if not has_ended:
            canceled = Report(attempt_id, TaskState.CANCELED, message=CANCELED)
            self._reporter.add(attempt.run_id, canceled)
