"""
The chain of a run's events: each has a digest over itself, what it covers, and the digest before.

The latest digest and the number of chained events are columns of the run's row, which every writer
of events locks and stores anyway, so that the chain takes no statement more. Whatever is changed in
a chained event, or in the columns that it covers, is found by `verify_run`.

Not chained is what only counts (`dispatch.nothing_ready`, wrong tokens): it is written without the
run's lock, or counted up later. Processes of earlier releases chain nothing; the next link after
them notes the gap.
"""

from collections.abc import Mapping
from typing import Any

from workflows.db.canonical import canonical, digest_of
from workflows.models import EventType, TaskAttempt, WorkflowRun

GAP = "gap"
"""Stands in a link that follows events of an earlier release, which are not chained."""

EVENT_COLUMNS = (
    "event_type",
    "run_id",
    "task_id",
    "actor",
    "actor_user",
    "actor_via",
    "reason",
    "payload",
    "created_at",
)
DISPATCHED = (
    "id",
    "task_id",
    "number",
    "runner_name",
    "runner_kind",
    "payload",
    "timeout_seconds",
    "dispatched_at",
)
STARTED = ("started_at",)
ENDED = (
    "outcome",
    "exit_code",
    "result",
    "message",
    "started_at",
    "finished_at",
    "may_still_run",
    "log_digest",
    "log_length",
)
COVERED: Mapping[str, tuple[str, ...]] = {
    EventType.TASK_DISPATCHED: DISPATCHED,
    EventType.TASK_RUNNING: STARTED,
    EventType.TASK_SUBMIT_FAILED: ENDED,
    EventType.TASK_SUCCEEDED: ENDED,
    EventType.TASK_FAILED: ENDED,
    EventType.TASK_LOST: ENDED,
    EventType.TASK_CANCELED: ENDED,
}
"""
The columns of the attempt that an event covers, if its payload has an `attempt_id`.

They change no more after the event. A column joins its list without a change of older digests: what
has its default is left out.
"""

DEFAULTS: Mapping[str, Any] = {
    field.attname: field.get_default() for field in TaskAttempt._meta.concrete_fields
}


def only_counts(event_type: str, payload: Any) -> bool:
    """Return True for an event that is counted up when it is repeated, and never chained."""
    if event_type == EventType.TASK_REPORT_REFUSED:
        return isinstance(payload, dict) and "count" in payload
    return event_type == EventType.NOTHING_READY


def link(run: WorkflowRun | None, event: Mapping[str, Any], cover: str = "") -> str:
    """
    Chain an event to the run's latest, and return its digest; the event of no run stands alone.

    The caller holds the run's lock, and stores the run afterwards.

    :param event: its columns, as they will be stored.
    :param cover: the digest of the columns that it covers.
    """
    if run is None:
        return link_digest("", event, cover)
    digest = link_digest(run.trail_head, event, cover, after_gap=run.has_trail_gap)
    run.trail_head = digest
    run.trail_length += 1
    run.trail_saved_at = run.updated_at
    return digest


def link_digest(
    before: str, event: Mapping[str, Any], cover: str = "", *, after_gap: bool = False
) -> str:
    """Return the digest of an event that follows another in the chain."""
    texts = canonical([event[name] for name in EVENT_COLUMNS])
    return digest_of((before, GAP if after_gap else "", texts, cover))


def cover_of(event_type: str, attempt: TaskAttempt) -> str:
    """Return what an event covers of an attempt; nothing if its type covers no columns."""
    columns = COVERED.get(event_type, ())
    return cover({name: getattr(attempt, name) for name in columns}) if columns else ""


def cover(columns: Mapping[str, Any]) -> str:
    """Return a digest of columns of an attempt, but for those that have their default."""
    return digest_of([canonical({n: each for n, each in columns.items() if each != DEFAULTS[n]})])
