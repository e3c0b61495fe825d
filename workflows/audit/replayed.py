"""What a replay makes of events: tasks, attempts and approvals as their rows must be."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from workflows.models import ApprovalStatus

NOT_CREATED = ""
"""The state of runs and tasks before they are created."""

Allowed = dict[str, set[Any]]
"""The values that a column may have, by column; what is missing is not known."""


class EventRow(NamedTuple):
    """The columns of an event."""

    id: int
    event_type: str
    run_id: int | None
    task_id: int | None
    actor: str
    actor_user: str
    actor_via: str
    reason: str
    payload: Any
    created_at: datetime
    digest: str | None
    is_exact: bool = False
    """True if rows were given the very moment and texts of the event, as this release does."""

    @property
    def details(self) -> dict[str, Any]:
        """The payload; nothing if it is no object."""
        return self.payload if isinstance(self.payload, dict) else {}


STORED = EventRow._fields[:-1]


@dataclass(slots=True)
class ReplayedAttempt:
    """An attempt according to the trail."""

    pk: str
    runner: str
    dispatched: datetime
    is_exact: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    outcomes: set[str] = field(default_factory=lambda: {""})
    has_exact_end: bool = False
    is_lost: bool = False
    is_log_removed: bool = False
    """True if some of its log, or all, was removed on purpose."""


@dataclass(slots=True)
class ReplayedApproval:
    """An approval according to the trail."""

    status: str = ApprovalStatus.PENDING
    columns: Allowed = field(default_factory=dict)


@dataclass(slots=True)
class ReplayedTask:
    """A task according to the trail."""

    state: str = NOT_CREATED
    is_held: bool = False
    is_marked_success: bool = False
    is_cancel_requested: bool = False
    attempts: list[ReplayedAttempt] = field(default_factory=list)
    approvals: list[ReplayedApproval] = field(default_factory=list)
    columns: Allowed = field(default_factory=dict)

    @property
    def awaits_approval(self) -> bool:
        """Whether an approval was requested and is not decided yet."""
        return any(each.status == ApprovalStatus.PENDING for each in self.approvals)


UNKNOWN_TASK = ReplayedTask()
"""A task without any event."""


def allow(columns: Allowed, event: EventRow, **values: Any) -> None:
    """Note what columns are after an event; of an event that is not exact, it is not known."""
    for name, value in values.items():
        if event.is_exact:
            columns[name] = {value}
        else:
            columns.pop(name, None)


def allow_also(columns: Allowed, name: str, *values: Any) -> None:
    """Note that a column may have been given another value."""
    if name in columns:
        columns[name] = columns[name] | set(values)
