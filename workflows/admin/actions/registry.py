"""What an operator can do to runs and tasks: its name, when it is offered, what is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workflows import operations
from workflows.admin.actions import calls
from workflows.admin.actions.forms import (
    CommentQuestion,
    HoldQuestion,
    MustSayWhyQuestion,
    Question,
    WhyQuestion,
)
from workflows.models import Approval, ApprovalStatus, RunState, Task, TaskState, WorkflowRun
from workflows.models.run import CLOSED, DISPATCHABLE
from workflows.models.task import ENDED
from workflows.operations import preview as effects
from workflows.operations.preview import Effect
from workflows.operations.runs import cancel_rest
from workflows.runs.events import Transition, states_of


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that an operator can do to a row."""

    name: str
    label: str
    act: calls.Act
    suits: Callable[[Any], bool]
    """Says whether to offer it for a row. Whether it is allowed, the domain says."""
    question: type[Question] | None = None
    """What is asked before; nothing is, if there is none."""
    advice: str = ""
    foresee: Callable[[Sequence[Any]], list[Effect]] = lambda rows: []
    """Says what else would happen if it were done to these rows."""


def _may_be_asked(run: WorkflowRun) -> bool:
    # A failed run dispatches nothing, but says what blocks it.
    return run.state not in {*CLOSED, RunState.SUCCESS}


def _is_dispatchable(run: WorkflowRun) -> bool:
    return run.state in DISPATCHABLE


def _has(transition: Transition) -> Callable[[WorkflowRun | Task], bool]:
    sources, _ = states_of(transition)
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


DISPATCH = Operation("dispatch_ready", "Dispatch ready task", calls.dispatch(1), _may_be_asked)
DISPATCH_ALL = Operation(
    "dispatch_all_ready", "Dispatch all ready tasks", calls.dispatch(None), _may_be_asked
)

STEERING = (
    Operation(
        "pause",
        "Pause",
        calls.steer(operations.pause),
        _is_dispatchable,
        WhyQuestion,
        "No more tasks are handed out until the run is resumed. What is active goes on.",
        effects.of_pause,
    ),
    Operation("resume", "Resume", calls.steer(operations.resume), _has(WorkflowRun.resume)),
    Operation(
        "abort",
        "Abort",
        calls.steer(operations.abort),
        _has(WorkflowRun.abort),
        WhyQuestion,
        "This is final. What has not started is canceled, what is active is asked to end.",
        effects.of_abort,
    ),
)

CANCEL_REST = Operation(
    "cancel_rest",
    "Cancel the rest",
    calls.steer(cancel_rest),
    _may_have_a_rest,
    WhyQuestion,
    "What waits for a failed or canceled task is canceled; what can still run goes on.",
    effects.of_cancel_rest,
)

MENDING = (
    Operation(
        "hold",
        "Hold",
        calls.mend(operations.hold),
        _may_be_held,
        HoldQuestion,
        "The task is not dispatched until it is released. Others go out in its place.",
        effects.of_hold,
    ),
    Operation(
        "release",
        "Release",
        calls.mend(operations.release),
        _is_held,
        WhyQuestion,
        "The task goes out once it is ready.",
        effects.of_release,
    ),
    Operation(
        "cancel",
        "Cancel",
        calls.mend(operations.cancel),
        _has(Task.cancel),
        WhyQuestion,
        "A task that is being executed is canceled once its process has been ended.",
        effects.of_cancel,
    ),
    Operation(
        "retry",
        "Retry",
        calls.mend(operations.retry),
        _is_broken,
        WhyQuestion,
        "The task returns to the queue; its next dispatch is a new attempt.",
        effects.of_retry,
    ),
    Operation(
        "retry_downstream",
        "Retry with downstream",
        calls.redo,
        _may_be_redone,
        WhyQuestion,
        "The task is done again, and so is all that ended after it on every path, "
        "even if it had ended well. Earlier attempts, their logs and results are kept.",
        effects.of_retry_downstream,
    ),
    Operation(
        "mark_success",
        "Mark success",
        calls.mend(operations.mark_success),
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
        calls.decide(operations.approve),
        _is_undecided,
        CommentQuestion,
        "The task goes out once it is ready. This is decided once.",
        effects.of_approve,
    ),
    Operation(
        "reject",
        "Reject",
        calls.decide(operations.reject),
        _is_undecided,
        CommentQuestion,
        "The task is canceled, and what waits for it cannot start. This is decided once.",
        effects.of_reject,
    ),
)
