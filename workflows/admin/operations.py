"""What an operator can do to runs and tasks: each is one call of the domain, and its words."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.contrib import messages
from django.utils.html import format_html

from workflows import control
from workflows.admin.sentences import dispatch_sentence
from workflows.dispatch import dispatch_ready
from workflows.events import Arrow, ends
from workflows.models import RunState, Task, WorkflowRun
from workflows.models.run import CLOSED, DISPATCHABLE
from workflows.models.task import ACTIVE

Said = tuple[int, str]
"""A level of Django's messages, and what happened."""


class Reason(Enum):
    """Whether an operator is asked why."""

    NONE = "not asked"
    OPTIONAL = "asked"
    REQUIRED = "must say"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that an operator can do to a row."""

    name: str
    label: str
    act: Callable[[int, str, str], Said]
    """Does it to the row with this id: by whom, and why."""
    suits: Callable[[Any], bool]
    """Says whether to offer it for a row. Whether it is allowed, the domain says."""
    reason: Reason = Reason.NONE
    advice: str = ""


def _dispatch(limit: int | None) -> Callable[[int, str, str], Said]:
    def act(run_id: int, by: str, _reason: str) -> Said:
        answer = dispatch_ready(run_id, limit=limit, by=by).as_json()
        level = messages.SUCCESS if answer["dispatched"] else messages.WARNING
        return level, format_html("Workflow run {}: {}", run_id, dispatch_sentence(answer))

    return act


def _steer(operation: Callable[..., WorkflowRun]) -> Callable[[int, str, str], Said]:
    def act(run_id: int, by: str, reason: str) -> Said:
        run = operation(run_id, by=by, reason=reason)
        return messages.SUCCESS, f"{run} is {run.state}."

    return act


def _mend(operation: Callable[..., Task]) -> Callable[[int, str, str], Said]:
    def act(task_id: int, by: str, reason: str) -> Said:
        task = operation(task_id, by=by, reason=reason)
        asked = task.cancel_requested_at and task.state in ACTIVE
        what = "was asked to end; it is canceled once it has" if asked else f"is {task.state}"
        return messages.SUCCESS, f"Task {task.pk} ({task.title}) {what}."

    return act


def _may_be_asked(run: WorkflowRun) -> bool:
    # A failed run dispatches nothing, but says what blocks it.
    return run.state not in {*CLOSED, RunState.SUCCESS}


def _is_dispatchable(run: WorkflowRun) -> bool:
    return run.state in DISPATCHABLE


def _has(arrow: Arrow) -> Callable[[WorkflowRun | Task], bool]:
    sources, _ = ends(arrow)
    return lambda row: row.state in sources


def _is_broken(task: Task) -> bool:
    return _has(Task.retry)(task) and not (task.run and task.run.state == RunState.ABORTED)


DISPATCH = Operation("dispatch_ready", "Dispatch ready task", _dispatch(1), _may_be_asked)
DISPATCH_ALL = Operation(
    "dispatch_all_ready", "Dispatch all ready tasks", _dispatch(None), _may_be_asked
)

STEERING = (
    Operation(
        "pause",
        "Pause",
        _steer(control.pause),
        _is_dispatchable,
        Reason.OPTIONAL,
        "No more tasks are handed out until the run is resumed. What is active goes on.",
    ),
    Operation("resume", "Resume", _steer(control.resume), _has(WorkflowRun.resume)),
    Operation(
        "abort",
        "Abort",
        _steer(control.abort),
        _has(WorkflowRun.abort),
        Reason.OPTIONAL,
        "This is final. What has not started is canceled, what is active is asked to end.",
    ),
)

MENDING = (
    Operation(
        "cancel",
        "Cancel",
        _mend(control.cancel),
        _has(Task.cancel),
        Reason.OPTIONAL,
        "A task that is being executed is canceled once its process has been ended.",
    ),
    Operation(
        "retry",
        "Retry",
        _mend(control.retry),
        _is_broken,
        Reason.OPTIONAL,
        "The task returns to the queue; its next dispatch is a new attempt.",
    ),
    Operation(
        "mark_success",
        "Mark success",
        _mend(control.mark_success),
        _is_broken,
        Reason.REQUIRED,
        "The task counts as done, and what waits for it becomes ready. "
        "It is shown as set by hand for ever.",
    ),
)
