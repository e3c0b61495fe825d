"""What retention, and those who keep runs from it, do to the columns of a run and to its logs."""

from collections.abc import Iterable, Mapping
from typing import Any

from workflows.audit.replayed import Allowed, EventRow, ReplayedTask, allow, allow_also
from workflows.models import EventType

NEVER_TOUCHED: Mapping[str, Any] = {
    "kept_at": None,
    "kept_by": "",
    "kept_reason": "",
    "logs_removed_at": None,
    "removed_at": None,
}


def follow_retention(event: EventRow, columns: Allowed, tasks: Iterable[ReplayedTask]) -> None:
    """Note what an event about keeping or removing does to a run; others do nothing."""
    match event.event_type:
        case EventType.RUN_KEPT:
            kept = {"kept_at": event.created_at, "kept_by": event.actor}
            allow(columns, event, **kept, kept_reason=event.reason)
        case EventType.RUN_NOT_KEPT:
            allow(columns, event, kept_at=None, kept_by="", kept_reason="")
        case EventType.RUN_LOGS_REMOVED:
            # Stored with the last piece of them.
            allow_also(columns, "logs_removed_at", event.created_at)
            for task in tasks:
                for attempt in task.attempts:
                    attempt.is_log_removed = attempt.ended is not None
