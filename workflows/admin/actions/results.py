"""The messages after operations that succeeded, built from what they returned."""

from django.contrib import messages
from django.utils.html import format_html

from workflows.admin.ui.sentences import dispatch_sentence
from workflows.dispatch.result import DispatchResult
from workflows.models import Approval, Task, WorkflowRun
from workflows.models.task import ACTIVE
from workflows.operations.attempts import Asked
from workflows.operations.tasks import Reset

Message = tuple[int, str]
"""A level of Django's messages, and what happened."""


def describe_dispatch(result: DispatchResult) -> Message:
    """Name the dispatched tasks, or say why there are none."""
    answer = result.as_json()
    level = messages.SUCCESS if answer["dispatched"] else messages.WARNING
    return level, format_html("Workflow run {}: {}", result.run_id, dispatch_sentence(answer))


def describe_run(run: WorkflowRun) -> Message:
    """Name the state that a run is in now."""
    return messages.SUCCESS, f"{run} is {run.state}."


def describe_kept(run: WorkflowRun) -> Message:
    """Say whether somebody keeps a run."""
    kept = f"is kept by {run.kept_by}" if run.kept_at else "is kept no longer than others"
    return messages.SUCCESS, f"{run} {kept}."


def describe_labeled(run: WorkflowRun) -> Message:
    """Say that a run has the labels that were asked for."""
    return messages.SUCCESS, f"The labels of {run} are changed."


def describe_noted(run: WorkflowRun) -> Message:
    """Say that a note was written."""
    return messages.SUCCESS, f"The note on {run} is in its trail."


def describe_auto_dispatch(run: WorkflowRun) -> Message:
    """Name the state of a run, and whether its auto-dispatch is on."""
    switched = "on" if run.auto_dispatch else "off"
    return messages.SUCCESS, f"{run} is {run.state}; its auto-dispatch is {switched}."


def describe_task(task: Task) -> Message:
    """Name the state that a task is in now, or say that it was asked to end."""
    if task.cancel_requested_at and task.state in ACTIVE:
        became = "was asked to end; it is canceled once it has"
    else:
        became = f"is {task.state}, and on hold" if task.is_held else f"is {task.state}"
    return messages.SUCCESS, f"Task {task.pk} ({task.title}) {became}."


def describe_asked(asked: Asked) -> Message:
    """Quote the answer, and name the state that the task is in now."""
    level = messages.SUCCESS if asked.is_answered else messages.WARNING
    task = asked.task
    return level, f"{asked.answer}. Task {task.pk} ({task.title}) is {task.state}."


def describe_retried(tasks: list[Task]) -> Message:
    """Count the tasks that returned to the queue."""
    many = "1 task is" if len(tasks) == 1 else f"{len(tasks):,} tasks are"
    return messages.SUCCESS, f"Workflow run {tasks[0].run_id}: {many} back in the queue."


def describe_reset(reset: Reset) -> Message:
    """Count the tasks that returned to the queue."""
    task, others = reset.tasks[0], len(reset.tasks) - 1
    also = f", and so {'is' if others == 1 else 'are'} {others:,} after it" if others else ""
    text = f"Task {task.pk} ({task.title}) is back in the queue{also}."
    return messages.SUCCESS, text + _asking_again(len(reset.gates))


def _asking_again(gates: int) -> str:
    many = "1 task asks" if gates == 1 else f"{gates:,} tasks ask"
    return f" {many} for approval again." if gates else ""


def describe_approval(approval: Approval) -> Message:
    """Name the decision."""
    text = f"Task {approval.task_id} ({approval.task.title}) is {approval.status}."
    return messages.SUCCESS, text
