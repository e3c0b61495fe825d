"""The line of a run, at each of its ends: what it was made of, and how it has ended."""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from django.db.models import Q

from workflows.exports.lines import Export, Line
from workflows.models import Event, EventType, RunRecord, WorkflowRun
from workflows.runs.events import event_of, states_of
from workflows.runs.lines import removed_run

ENDS = {
    event_of(end): states_of(end)[1]
    for end in (WorkflowRun.succeed, WorkflowRun.fail, WorkflowRun.abort)
}
"""The state of a run after each event that ends it."""


def _trial_of(made: WorkflowRun | RunRecord) -> Any:
    """Return which draft a run has tried, without the results that it was given."""
    return (made.trial_facts or None) if isinstance(made, WorkflowRun) else made.trial


DEFINITION: dict[str, Callable[[Any], Any]] = {
    "workflow_template_id": attrgetter("template_id"),
    "workflow_template_name": attrgetter("template_name"),
    "workflow_template_version": attrgetter("template_version"),
    "parameters": attrgetter("parameters"),
    "initiated_by": attrgetter("initiated_by"),
    "created_by": attrgetter("creator.name"),
    "created_by_user": attrgetter("created_by_user"),
    "created_by_via": attrgetter("created_by_via"),
    "again_of": attrgetter("again_of"),
    "trigger": attrgetter("trigger"),
    "trial": _trial_of,
    "created_at": attrgetter("created_at"),
    "started_at": attrgetter("started_at"),
}
"""What a run was made of and when it began, by the names of the line: this changes no more."""

REMOVAL = ("removed_at", "removed_by", "removed_reason", "line_number", "line_digest")
"""What is said of a removal; null for a run that is there."""


class RunExport(Export):
    """
    A line for each end of a run; of a run that has ended again since, for its latest end alone.

    One that was removed has a line for its removal, with all that was known of its end.

    What is said of an end was sealed at that moment. Runs that began under a release without seals
    have the counts of now, and no trail.
    """

    batch = 100
    mark = "task_counts"
    about = Q(event_type__in=[*ENDS, EventType.RUN_REMOVED])

    def lines(self, events: Sequence[Event]) -> Iterator[Line]:
        """Yield the lines of the runs that these events have ended."""
        ids = {run_of(event) for event in events}
        # The record first: should a run end anew meanwhile, its row says so.
        records = RunRecord.objects.in_bulk(ids)
        runs = WorkflowRun.objects.defer("last_dispatch", "secrets", "encrypted_secrets")
        found = runs.in_bulk(ids)
        for event in events:
            run, record = found.get(run_of(event)), records.get(run_of(event))
            if event.event_type == EventType.RUN_REMOVED:
                if record:
                    yield _line_of_removed(event, record)
            elif run and not _has_ended_later(event, run, record):
                yield _line(event, run, record)


def run_of(event: Event) -> int:
    """Return the run that an event is about; of a removal, it is in the payload."""
    return event.run_id or removed_run(event)


def _has_ended_later(event: Event, run: WorkflowRun, record: RunRecord | None) -> bool:
    ends = (run.finished_at, record and record.ended_at)
    return any(end > event.created_at for end in ends if end)


def _line(event: Event, run: WorkflowRun, record: RunRecord | None) -> Line:
    sealed = record if record and record.ended_at == event.created_at else None
    return {
        **_definition(event, run),
        "status": ENDS[event.event_type],
        "finished_at": event.created_at,
        "ends": sealed and sealed.seals,
        "task_counts": (sealed or run).task_counts,
        "trail_head": sealed and sealed.trail_head,
        "trail_length": sealed and sealed.trail_length,
        **dict.fromkeys(REMOVAL),
    }


def _line_of_removed(event: Event, record: RunRecord) -> Line:
    return {
        **_definition(event, record),
        "status": record.state,
        "finished_at": record.ended_at,
        "ends": record.seals,
        "task_counts": record.task_counts,
        "trail_head": record.trail_head,
        "trail_length": record.trail_length,
        **{name: getattr(record, name) for name in REMOVAL},
    }


def _definition(event: Event, run: WorkflowRun | RunRecord) -> Line:
    made = {name: value_of(run) for name, value_of in DEFINITION.items()}
    return {"cursor": event.pk, "run_id": run.pk, **made}
