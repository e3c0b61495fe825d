"""What a command prints about a run that did not succeed: enough to know what to do."""

from collections.abc import Iterator

from django.db.models import F

from runners.conf import setting
from workflows.insight.log_end import log_end
from workflows.models import TaskAttempt, TaskState, WorkflowRun
from workflows.sites import known_admin_url

MOST_TASKS = 3
"""So many failed tasks are shown with the end of their logs; the others are counted."""
LAST_LINES = 20
LAST_CHARACTERS = 4_000


def address_of(run: WorkflowRun) -> str:
    """Return the address of a run's page; of a project without an admin, only its name."""
    path = known_admin_url("workflows_workflowrun_change", run.pk)
    return f"{setting('PUBLIC_BASE_URL')}{path}" if path else str(run)


def failure_report(run: WorkflowRun) -> Iterator[str]:
    """Yield the end of the log of each failed task, and the run's address."""
    failed = TaskAttempt.objects.filter(
        task__run=run, task__state=TaskState.FAILED, number=F("task__attempt_count")
    ).select_related("task")
    for attempt in failed.order_by("task__position")[:MOST_TASKS]:
        yield from _end_of_log(attempt)
    if (more := run.failed_count - MOST_TASKS) > 0:
        yield f"--- {more} more failed; all logs: manage.py logs {run.pk}"
    yield f"--- {address_of(run)}"


def _end_of_log(attempt: TaskAttempt) -> Iterator[str]:
    yield f"--- {attempt.task}: {attempt.message or 'failed'}"
    end = log_end(attempt, LAST_CHARACTERS)
    lines = end["text"].rstrip().splitlines()
    if end["before"] or len(lines) > LAST_LINES:
        step = attempt.task.step_id or attempt.task_id
        yield f"[… all of its log: manage.py logs {attempt.run_id} {step}]"
    yield from lines[-LAST_LINES:]
