"""Which values the columns of a task and of an approval have after each event."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from workflows.audit.replayed import (
    EventRow,
    ReplayedApproval,
    ReplayedTask,
    allow,
    allow_also,
)
from workflows.models import ApprovalStatus, EventType
from workflows.models.bounds import cut
from workflows.models.task import ACTIVE, CLEARED


def _resume_at(event: EventRow) -> datetime | None:
    moment = event.details.get("resume_at")
    try:
        return datetime.fromisoformat(moment) if moment else None
    except (TypeError, ValueError):
        return None


def _note_of_refusal(event: EventRow) -> str:
    return cut(f"{event.reason} (last tried {event.created_at:%H:%M} UTC)")


def _ended(event: EventRow) -> dict[str, Any]:
    return {"finished_at": event.created_at}


VALUES: Mapping[str, Callable[[EventRow], dict[str, Any]]] = {
    EventType.TASK_CREATED: lambda event: {
        **CLEARED,
        "created_at": event.created_at,
        "dispatched_at": None,
        "resume_at": None,
    },
    EventType.TASK_DISPATCHED: lambda event: {**CLEARED, "dispatched_at": event.created_at},
    EventType.TASK_SUBMIT_FAILED: lambda event: {
        "dispatched_at": None,
        "note": _note_of_refusal(event),
    },
    EventType.TASK_RETRIED: lambda _: CLEARED,
    EventType.TASK_MARKED_SUCCESS: lambda event: {"note": event.reason, **_ended(event)},
    EventType.TASK_CANCEL_REQUESTED: lambda event: {
        "note": event.reason,
        "cancel_requested_at": event.created_at,
    },
    EventType.TASK_HELD: lambda event: {"note": event.reason, "resume_at": _resume_at(event)},
    EventType.TASK_RELEASED: lambda _: {"note": "", "resume_at": None},
    EventType.TASK_SUCCEEDED: _ended,
    EventType.TASK_FAILED: _ended,
    EventType.TASK_LOST: _ended,
    EventType.TASK_CANCELED: _ended,
}
"""The values that an event gives to columns of its task."""


def follow_task(event: EventRow, task: ReplayedTask, before: str, started_at: object) -> None:
    """
    Note what an event does to the columns of its task.

    :param before: the state of the task before the event.
    :param started_at: when the attempt that is open has started.
    """
    if event.event_type == EventType.TASK_RETRIED:
        allow_also(task.columns, "dispatched_at", None)  # a reset clears it, a retry does not
    if values := VALUES.get(event.event_type):
        allow(task.columns, event, **values(event))
    if event.event_type == EventType.TASK_RUNNING:
        allow(task.columns, event, started_at=started_at)
    if event.event_type == EventType.TASK_CANCELED:
        _follow_cancel(event, task, before)


def _follow_cancel(event: EventRow, task: ReplayedTask, before: str) -> None:
    """Note what a cancel leaves as the note: what a runner reports leaves it as it is."""
    if before in ACTIVE:
        allow_also(task.columns, "note", event.reason)
        return
    rejected = f"rejected by {event.actor}"
    allow(task.columns, event, note=event.reason)
    allow_also(task.columns, "note", rejected, cut(f"{rejected}: {event.reason}"))


def follow_approval(event: EventRow, task: ReplayedTask) -> None:
    """Note what the event of a request or a decision does to the approval."""
    if event.event_type == EventType.APPROVAL_PENDING:
        task.approvals.append(ReplayedApproval())
        values = {"decided_by": "", "decided_by_user": "", "comment": "", "decided_at": None}
        asked = {"reason": event.reason, "created_at": event.created_at}
        allow(task.approvals[-1].columns, event, **asked, **values)
        return
    if not task.approvals:
        task.approvals.append(ReplayedApproval())
    approval = task.approvals[-1]
    approval.status = ApprovalStatus(event.event_type.removeprefix("approval."))
    allow(
        approval.columns,
        event,
        decided_by=event.actor,
        decided_by_user=event.actor_user,
        comment=event.reason,
        decided_at=event.created_at,
    )
