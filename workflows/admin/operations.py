"""What an operator can do to runs and tasks: each is one call of the domain, and its words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.utils.html import format_html

from workflows import approvals, control, effects, holds
from workflows.admin.questions import (
    CommentQuestion,
    HoldQuestion,
    MustSayWhyQuestion,
    Question,
    WhyQuestion,
)
from workflows.admin.sentences import dispatch_sentence
from workflows.dispatch import dispatch_ready
from workflows.effects import Effect
from workflows.events import Arrow, ends
from workflows.leftovers import cancel_rest
from workflows.models import Approval, ApprovalStatus, RunState, Task, TaskState, WorkflowRun
from workflows.models.run import CLOSED, DISPATCHABLE
from workflows.models.task import ACTIVE, ENDED
from workflows.resets import retry_downstream

Said = tuple[int, str]
"""A level of Django's messages, and what happened."""


Act = Callable[..., Said]
"""Does it to the row with this id; `by` whom, and what was answered to the question."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that an operator can do to a row."""

    name: str
    label: str
    act: Act
    suits: Callable[[Any], bool]
    """Says whether to offer it for a row. Whether it is allowed, the domain says."""
    question: type[Question] | None = None
    """What is asked before; nothing is, if there is none."""
    advice: str = ""
    foresee: Callable[[Sequence[Any]], list[Effect]] = lambda rows: []
    """Says what else would happen if it were done to these rows."""


def _dispatch(limit: int | None) -> Act:
    def act(run_id: int, *, by: str) -> Said:
        answer = dispatch_ready(run_id, limit=limit, by=by).as_json()
        level = messages.SUCCESS if answer["dispatched"] else messages.WARNING
        return level, format_html("Workflow run {}: {}", run_id, dispatch_sentence(answer))

    return act


def _steer(operation: Callable[..., WorkflowRun]) -> Act:
    def act(run_id: int, *, by: str, **answers: Any) -> Said:
        run = operation(run_id, by=by, **answers)
        return messages.SUCCESS, f"{run} is {run.state}."

    return act


def _mend(operation: Callable[..., Task]) -> Act:
    def act(task_id: int, *, by: str, **answers: Any) -> Said:
        task = operation(task_id, by=by, **answers)
        return messages.SUCCESS, f"Task {task.pk} ({task.title}) {_became(task)}."

    return act


def _redo(task_id: int, *, by: str, **answers: Any) -> Said:
    reset = retry_downstream(task_id, by=by, **answers)
    task, others = reset.tasks[0], len(reset.tasks) - 1
    also = f", and so {'is' if others == 1 else 'are'} {others:,} after it" if others else ""
    return messages.SUCCESS, f"Task {task.pk} ({task.title}) is back in the queue{also}."


def _became(task: Task) -> str:
    if task.cancel_requested_at and task.state in ACTIVE:
        return "was asked to end; it is canceled once it has"
    return f"is {task.state}, and on hold" if task.is_held else f"is {task.state}"


def _decide(operation: Callable[..., Approval]) -> Act:
    def act(approval_id: int, *, by: str, **answers: Any) -> Said:
        approval = operation(approval_id, by=by, **answers)
        text = f"Task {approval.task_id} ({approval.task.title}) is {approval.status}."
        return messages.SUCCESS, text

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


def _may_be_redone(task: Task) -> bool:
    return task.state in ENDED and not (task.run and task.run.state == RunState.ABORTED)


def _may_have_a_rest(run: WorkflowRun) -> bool:
    return bool(run.pending_count and run.broken_count) and run.state != RunState.ABORTED


def _may_be_held(task: Task) -> bool:
    return task.state == TaskState.PENDING and not task.is_held


def _is_held(task: Task) -> bool:
    return task.state == TaskState.PENDING and task.is_held


def _is_undecided(approval: Approval) -> bool:
    pending = approval.status == ApprovalStatus.PENDING
    return pending and approval.task.state == TaskState.PENDING


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
        WhyQuestion,
        "No more tasks are handed out until the run is resumed. What is active goes on.",
        effects.of_pause,
    ),
    Operation("resume", "Resume", _steer(control.resume), _has(WorkflowRun.resume)),
    Operation(
        "abort",
        "Abort",
        _steer(control.abort),
        _has(WorkflowRun.abort),
        WhyQuestion,
        "This is final. What has not started is canceled, what is active is asked to end.",
        effects.of_abort,
    ),
)

CANCEL_REST = Operation(
    "cancel_rest",
    "Cancel the rest",
    _steer(cancel_rest),
    _may_have_a_rest,
    WhyQuestion,
    "What waits for a failed or canceled task is canceled; what can still run goes on.",
    effects.of_cancel_rest,
)

MENDING = (
    Operation(
        "hold",
        "Hold",
        _mend(holds.hold),
        _may_be_held,
        HoldQuestion,
        "The task is not dispatched until it is released. Others go out in its place.",
        effects.of_hold,
    ),
    Operation(
        "release",
        "Release",
        _mend(holds.release),
        _is_held,
        WhyQuestion,
        "The task goes out once it is ready.",
        effects.of_release,
    ),
    Operation(
        "cancel",
        "Cancel",
        _mend(control.cancel),
        _has(Task.cancel),
        WhyQuestion,
        "A task that is being executed is canceled once its process has been ended.",
        effects.of_cancel,
    ),
    Operation(
        "retry",
        "Retry",
        _mend(control.retry),
        _is_broken,
        WhyQuestion,
        "The task returns to the queue; its next dispatch is a new attempt.",
        effects.of_retry,
    ),
    Operation(
        "retry_downstream",
        "Retry with downstream",
        _redo,
        _may_be_redone,
        WhyQuestion,
        "The task is done again, and so is all that ended after it on every path, "
        "even if it had ended well. Earlier attempts, their logs and results are kept.",
        effects.of_retry_downstream,
    ),
    Operation(
        "mark_success",
        "Mark success",
        _mend(control.mark_success),
        _is_broken,
        MustSayWhyQuestion,
        "The task counts as done, and what waits for it becomes ready. "
        "It is shown as set by hand for ever.",
        effects.of_mark_success,
    ),
)

DECIDING = (
    Operation(
        "approve",
        "Approve",
        _decide(approvals.approve),
        _is_undecided,
        CommentQuestion,
        "The task goes out once it is ready. This is decided once.",
        effects.of_approve,
    ),
    Operation(
        "reject",
        "Reject",
        _decide(approvals.reject),
        _is_undecided,
        CommentQuestion,
        "The task is canceled, and what waits for it cannot start. This is decided once.",
        effects.of_reject,
    ),
)
