"""How an operator's click becomes one call of the domain, and what is said of it afterwards."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.utils.html import format_html

from workflows.admin.ui.sentences import dispatch_sentence
from workflows.models import Approval, Task, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.task import ACTIVE
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.operations.tasks import retry_downstream

Said = tuple[int, str]
"""A level of Django's messages, and what happened."""
Act = Callable[..., Said]
"""Does it to the row with this id; `by` whom, and what was answered to the question."""


def dispatch(limit: int | None) -> Act:
    """Return the dispatch of so many ready tasks of a run; None: of all."""

    def act(run_id: int, *, by: Actor) -> Said:
        answer = dispatch_ready(run_id, limit=limit, by=by).as_json()
        level = messages.SUCCESS if answer["dispatched"] else messages.WARNING
        return level, format_html("Workflow run {}: {}", run_id, dispatch_sentence(answer))

    return act


def steer(operation: Callable[..., WorkflowRun]) -> Act:
    """Return what steers a run."""

    def act(run_id: int, *, by: Actor, **answers: Any) -> Said:
        run = operation(run_id, by=by, **answers)
        return messages.SUCCESS, f"{run} is {run.state}."

    return act


def mend(operation: Callable[..., Task]) -> Act:
    """Return what mends a task."""

    def act(task_id: int, *, by: Actor, **answers: Any) -> Said:
        task = operation(task_id, by=by, **answers)
        return messages.SUCCESS, f"Task {task.pk} ({task.title}) {_became(task)}."

    return act


def redo(task_id: int, *, by: Actor, **answers: Any) -> Said:
    """Have a task done again, with all that ended after it."""
    reset = retry_downstream(task_id, by=by, **answers)
    task, others = reset.tasks[0], len(reset.tasks) - 1
    also = f", and so {'is' if others == 1 else 'are'} {others:,} after it" if others else ""
    return messages.SUCCESS, f"Task {task.pk} ({task.title}) is back in the queue{also}."


def _became(task: Task) -> str:
    if task.cancel_requested_at and task.state in ACTIVE:
        return "was asked to end; it is canceled once it has"
    return f"is {task.state}, and on hold" if task.is_held else f"is {task.state}"


def decide(operation: Callable[..., Approval]) -> Act:
    """Return what decides an approval."""

    def act(approval_id: int, *, by: Actor, **answers: Any) -> Said:
        approval = operation(approval_id, by=by, **answers)
        text = f"Task {approval.task_id} ({approval.task.title}) is {approval.status}."
        return messages.SUCCESS, text

    return act
