"""How a trial goes, as the builder shows it beside the drawing."""

import json
from typing import Any

from workflows.admin.ui.display import page_url
from workflows.admin.ui.numbers import render_part
from workflows.admin.ui.sentences import linked
from workflows.insight.durations import seconds_of_run
from workflows.insight.log_end import last_lines
from workflows.insight.situation import situation_of
from workflows.models import RunState, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.run import UNFINISHED

MOST_LINES = 8
MOST_CHARACTERS = 2_000
"""So much of a result is shown; the page of the task has all of it."""
TOLD_FIRST = (TaskState.FAILED, TaskState.RUNNING, TaskState.DISPATCHED, TaskState.SUCCESS)


def outcome_of(run: WorkflowRun) -> dict[str, Any]:
    """Return how a trial goes; a constant number of statements."""
    situation, task = situation_of(run), _task_told_of(run)
    attempt = _last_attempt(task) if task else None
    context = {
        "run": run,
        "sentence": linked(situation.sentence, [each.as_json() for each in situation.tasks]),
        "seconds": None if run.state == RunState.CREATED else seconds_of_run(run),
        "task": task,
        "task_url": page_url(Task, task.pk) if task else "",
        "lines": last_lines([task.pk], MOST_LINES).get(task.pk, []) if task else [],
        "result": _result(attempt) if attempt else "",
        "ended": run.success_count + run.broken_count,
        "total": sum(run.task_counts.values()),
    }
    return {
        "state": run.state,
        "is_over": run.state not in UNFINISHED,
        "html": render_part("workflows/workflowtemplate/outcome.html", context),
    }


def _task_told_of(run: WorkflowRun) -> Task | None:
    """Return the task that tells most: one that failed or works, else the one that ended last."""
    tasks = Task.objects.filter(run=run).defer("payload")
    for state in TOLD_FIRST:
        newest = tasks.filter(state=state).order_by("-finished_at", "-position").first()
        if newest:
            return newest
    return None


def _last_attempt(task: Task) -> TaskAttempt | None:
    found = TaskAttempt.objects.filter(task=task, number=task.attempt_count)
    return found.only("result").first()


def _result(attempt: TaskAttempt) -> str:
    if attempt.result is None:
        return ""
    text = json.dumps(attempt.result, indent=2, ensure_ascii=False)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
