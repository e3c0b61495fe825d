"""Operations on an attempt that nobody answers for: ask its runner now, declare it lost."""

from dataclasses import dataclass

from runners.base import RunnerReport, UnknownTask
from workflows.db import failpoints
from workflows.db.doors import check_outermost, nestable
from workflows.dispatch.submission import without_secrets
from workflows.errors import Invalid, NotFound, WrongState
from workflows.models import EventType, Task, TaskAttempt, TaskState
from workflows.models.actor import Actor, By, as_actor
from workflows.operations.checks import check_ask, check_declare_lost, enforce
from workflows.operations.trouble import says_what_is_wrong
from workflows.reports.apply import apply_reports
from workflows.reports.polling import Answer, apply_answer, ask_runner
from workflows.reports.report import Report
from workflows.runs.locks import lock_task
from workflows.runs.lone_events import record_alone


@dataclass(frozen=True, slots=True)
class Asked:
    """A task after its runner was asked about it, and what the runner has answered."""

    task: Task
    answer: str
    is_answered: bool


@says_what_is_wrong
def ask(task_id: int, *, by: By, reason: str = "") -> Asked:
    """
    Ask the runner of a task about its open attempt, and apply the answer.

    If the task was canceled, the runner is asked to end it once more. Call it outside any
    transaction: a runner may need five seconds to answer.

    :raises NotFound: if there is no such task.
    :raises Conflict: if no attempt is open, or its runner cannot be asked.
    :raises InsideTransaction: if the caller has a transaction.
    """
    by = as_actor(by)
    check_outermost("ask")
    attempt = _attempt_to_ask(task_id, by)
    answer = ask_runner(attempt)
    failpoints.point("ask.answered")
    text = _answer_in_words(attempt, answer)
    payload = {"attempt_id": str(attempt.pk), "answer": text}
    record_alone(EventType.TASK_ASKED, task=attempt.task, by=by, reason=reason, payload=payload)
    apply_answer(attempt, answer, by=by)
    is_answered = isinstance(answer, RunnerReport | UnknownTask)
    return Asked(Task.objects.get(pk=task_id), text, is_answered)


@says_what_is_wrong
@nestable
def declare_lost(task_id: int, *, by: By, reason: str) -> Task:
    """
    Give up the open attempt of a task: the task fails, and later reports are refused.

    Its runner is not asked any more. If the attempt still runs, its runner does not end it, unless
    it is an executor of this project.

    :raises Invalid: without a reason.
    :raises NotFound: if there is no such task.
    :raises Conflict: if no attempt is open, or an executor answers for it.
    """
    by = as_actor(by)
    if not reason.strip():
        raise Invalid({"reason": ["Say why nobody answers for this attempt any more."]})
    _, task = lock_task(task_id)
    enforce(check_declare_lost(task, by))
    attempt = TaskAttempt.objects.open().select_related("task").get(task=task)
    report = Report(
        attempt.pk,
        TaskState.FAILED,
        message=f"declared lost by {by}: {reason}",
        is_lost=True,
        may_still_run=True,
        reason=reason,
    )
    apply_reports(attempt.run_id, [report], by=by)
    task.refresh_from_db()
    return task


def _attempt_to_ask(task_id: int, by: Actor) -> TaskAttempt:
    """Return the open attempt of a task, whose runner can be asked about it."""
    task = Task.objects.filter(pk=task_id).select_related("run").first()
    if task is None:
        raise NotFound("task", task_id)
    enforce(check_ask(task, by))
    attempts = TaskAttempt.objects.open().select_related("runner", "task__run")
    if (attempt := attempts.filter(task=task).first()) is None:
        raise WrongState(f"the attempt of task {task_id} has ended at this very moment")
    return attempt


def _answer_in_words(attempt: TaskAttempt, answer: Answer) -> str:
    match answer:
        case RunnerReport(status=status):
            return f"runner {attempt.runner_name} says {status}"
        case UnknownTask():
            return f"runner {attempt.runner_name} does not know this task"
        case None:
            return f"runner {attempt.runner_name} cannot be asked"
    return f"no answer from {attempt.runner_name}: {without_secrets(answer, attempt)}"
