"""Compares the records of runs with the runs: how they ended, and which are gone."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef

from workflows.audit.findings import Examination, Finding, as_text
from workflows.audit.replay import ENDED_RUNS, Replay
from workflows.audit.replayed import EventRow
from workflows.models import EventType, RunRecord, TaskState, WorkflowRun

ENDS = (EventType.RUN_SUCCEEDED, EventType.RUN_FAILED, EventType.RUN_ABORTED)
IDENTITY = ("run_id", "created_at")
EMPTY: dict[str, Any] = {
    field.attname: field.get_default()
    for field in RunRecord._meta.concrete_fields
    if field.attname not in IDENTITY
}
"""The columns of a record whose run has never ended; most are filled in when it is removed."""


class SealCheck:
    """Follows a run to the event up to which its record was sealed."""

    def __init__(self, run: WorkflowRun, examination: Examination) -> None:
        """Read the record of the run, if it has one."""
        self._run = run
        self._examination = examination
        self._record = RunRecord.objects.filter(pk=run.pk).first()
        self._expected = dict(EMPTY)
        self._is_chained_from_the_start = False
        self._ends = 0
        self._ended_at: Any = None

    def follow(self, event: EventRow, replay: Replay) -> None:
        """Note how the run stands after an event, if the record was sealed there."""
        if event.digest is None or event.run_id is None:
            return
        if event.event_type == EventType.RUN_CREATED:
            self._is_chained_from_the_start = True
        if event.event_type in ENDS:
            self._ends += 1
            self._ended_at = event.created_at
        if self._ends and self._record and self._record.trail_length == self._examination.chained:
            self._expected |= {
                "state": replay.state if replay.state in ENDED_RUNS else "an end",
                "ended_at": self._ended_at,
                "task_counts": {state: replay.counts[state] for state in TaskState.values},
                "trail_head": event.digest,
                "trail_length": self._examination.chained,
            }

    def finish(self) -> None:
        """Compare the record with the run."""
        if self._record is None:
            if self._is_chained_from_the_start:
                self._add("record", "one, as its trail began with one", "none")
            return
        if not self._is_chained_from_the_start:
            self._add("record", "none, as its trail is not chained from the start", "one")
        self._examination.sealed = self._record.state
        expected = {**self._expected, "seals": self._ends, "created_at": self._run.created_at}
        for name, value in expected.items():
            if (found := getattr(self._record, name)) != value:
                self._add(f"{name} of its record", as_text(value), as_text(found))

    def _add(self, what: str, expected: str, found: str) -> None:
        self._examination.findings.append(Finding(self._run.pk, what, expected, found))


def find_gone(run_id: int | None = None) -> Iterator[Finding]:
    """Yield the runs that are gone and were not removed; of one, or of all."""
    still_there = WorkflowRun.objects.filter(pk=OuterRef("pk"))
    gone = RunRecord.objects.filter(~Exists(still_there), removed_at=None)
    if run_id:
        gone = gone.filter(pk=run_id)
    for pk in gone.order_by("pk").values_list("pk", flat=True).iterator():
        yield Finding(pk, "run", "the run that its record tells of", "none: it is gone")
