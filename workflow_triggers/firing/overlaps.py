"""What becomes of a moment at which a run of the same schedule is still going on."""

from contextlib import suppress

from workflow_triggers.models import Occurrence, Outcome, Overlap, Schedule
from workflow_triggers.runs import make_run, unfinished_runs
from workflows.errors import WrongState
from workflows.models.actor import Actor
from workflows.operations.runs import abort

WAITS = "waiting for workflow run {}"
WAITS_FOR_EARLIER = "waiting for the runs of earlier moments"
STILL_RUNNING = "run {} was still running"
EARLIER_WAIT = "runs of earlier moments were still to be made"
NEXT_CAME = "The next moment of schedule {} has come."


class Lane:
    """The runs of a schedule whose lock is held: those that go on, and whether others wait."""

    def __init__(self, schedule: Schedule, *, by: Actor) -> None:
        """Look what goes on; two statements."""
        self._schedule = schedule
        self._by = by
        self._running = unfinished_runs(schedule)
        queued = Occurrence.objects.filter(schedule=schedule, outcome=Outcome.QUEUED)
        self._has_queued = queued.exists()

    def fire(self, occurrence: Occurrence) -> None:
        """Decide about a moment that has come; make its run, if it may."""
        overlap = self._schedule.overlap
        if overlap == Overlap.CANCEL_RUNNING:
            self._abort_running()
        elif overlap == Overlap.QUEUE:
            self.queue(occurrence)
            return
        elif why := self._why_skipped():
            occurrence.outcome, occurrence.reason = Outcome.SKIPPED, why
            return
        self._make(occurrence)

    def queue(self, occurrence: Occurrence) -> None:
        """Make the run of a moment, or have it wait for the earlier ones."""
        if not (self._running or self._has_queued):
            self._make(occurrence)
            return
        is_next = self._running and not self._has_queued
        occurrence.reason = WAITS.format(self._running[0]) if is_next else WAITS_FOR_EARLIER
        occurrence.outcome = Outcome.QUEUED
        self._has_queued = True

    def _why_skipped(self) -> str | None:
        if self._running:
            return STILL_RUNNING.format(self._running[0])
        return EARLIER_WAIT if self._has_queued else None

    def _abort_running(self) -> None:
        reason = NEXT_CAME.format(self._schedule)
        for run_id in self._running:
            with suppress(WrongState):  # it has ended since it was looked for
                abort(run_id, by=self._by, reason=reason)
        self._running = []

    def _make(self, occurrence: Occurrence) -> None:
        if make_run(self._schedule, occurrence, by=self._by) and occurrence.run_id:
            self._running.append(occurrence.run_id)
