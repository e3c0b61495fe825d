"""What the page of a task and the panel beside its run's graph show."""

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows.admin.logs import LOG, LOGS, PIECES
from workflows.admin.templates.step_page import CHANGE, step_url
from workflows.admin.ui.display import list_url, page_url, pretty, took
from workflows.admin.ui.sentences import explained
from workflows.insight.durations import seconds_between, usual_of_step
from workflows.insight.explain import explain_task
from workflows.insight.log_end import log_end
from workflows.insight.log_search import plain_text
from workflows.insight.situation import situation_of
from workflows.models import (
    Approval,
    ApprovalStatus,
    Event,
    RunState,
    Task,
    TaskAttempt,
    TaskState,
    TemplateStep,
    WorkflowRun,
)
from workflows.sites import admin_url, known_admin_url

LATEST = 15
NOT_DISPATCHING = {RunState.PAUSED, RunState.ABORTED}


def task_context(request: HttpRequest, task: Task) -> dict[str, Any]:
    """Return what page and panel have in common, as far as the reader may see it."""
    may = request.user.has_perm
    attempts = _attempts(task) if may("workflows.view_taskattempt") else []
    last = attempts[0] if attempts else None
    is_over = task.state != TaskState.PENDING
    return {
        "waiting": _why_it_waits(task),
        "approval": _pending_approval(task) if may("workflows.view_approval") else None,
        "edit_step": _edit_step(request, task),
        "attempts": attempts,
        "last": last if is_over else None,
        "reason": reason_of(last) if last and is_over else "",
        "latest": last,
        **_durations(task, last),
        "waited": seconds_between(last.dispatched_at, last.started_at) if last else None,
        "result": pretty(last.result) if last and last.result is not None else None,
        "given": pretty(last.payload if last else task.payload),
        "logs": logs_of(attempts),
        "logs_url": _logs_url(request, task),
        "events": _events(task) if may("workflows.view_event") else [],
        "run_url": page_url(WorkflowRun, task.run_id) if task.run_id else None,
        "approvals_url": list_url(Approval, task=task.pk, status="all"),
        "attempts_url": list_url(TaskAttempt, task=task.pk),
        "events_url": list_url(Event, task=task.pk),
    }


def logs_of(attempts: Sequence[TaskAttempt]) -> str:
    """Return where the logs of attempts are, as JSON for the log viewer."""
    return json.dumps(
        [
            {
                "number": attempt.number,
                "status": attempt.status,
                "pieces": admin_url(PIECES, attempt.pk),
                "text": admin_url(LOG, attempt.pk),
            }
            for attempt in attempts
        ]
    )


def _durations(task: Task, last: TaskAttempt | None) -> dict[str, Any]:
    usual = usual_of_step(task) if last else None
    seconds = seconds_between(last.started_at, last.finished_at) if last else None
    return {"took": took(seconds, usual), "usual": usual}


def end_of_log(attempt: TaskAttempt) -> dict[str, Any]:
    """Return the end of a log for readers without JavaScript."""
    end = log_end(attempt)
    return {**end, "text": plain_text(end["text"])}


def reason_of(attempt: TaskAttempt) -> str:
    """Return the message of an attempt, unless it says no more than the exit code."""
    is_code = attempt.message == f"exit code {attempt.exit_code}"
    return "" if is_code else attempt.message


def _attempts(task: Task) -> list[TaskAttempt]:
    """Return the latest attempts, newest first; only that one with its payload."""
    attempts = list(task.attempts.defer("payload", "result").order_by("-number")[:LATEST])
    if attempts:
        attempts[0] = task.attempts.get(pk=attempts[0].pk)
    return attempts


def _events(task: Task) -> list[Event]:
    return list(task.events.order_by("-id").defer("payload")[:LATEST])


def _logs_url(request: HttpRequest, task: Task) -> str | None:
    """Return the page on which this log fills the window, if its reader may open it."""
    may = request.user.has_perm
    if not (may("workflows.view_workflowrun") and may("workflows.view_taskattempt")):
        return None
    return known_admin_url(LOGS, task.run_id) if task.run_id else None


def _pending_approval(task: Task) -> Approval | None:
    if task.state != TaskState.PENDING or not task.awaits_approval:
        return None
    return task.approvals.filter(status=ApprovalStatus.PENDING).first()


def _edit_step(request: HttpRequest, task: Task) -> str | None:
    """Return the URL of the step of a failed task, for people who may mend it."""
    run = task.run
    if task.state != TaskState.FAILED or not run or not run.template_id or not task.step_id:
        return None
    if not request.user.has_perm(CHANGE):
        return None
    steps = TemplateStep.objects.filter(template=run.template_id, step_id=task.step_id)
    return step_url(run.template_id, task.step_id) if steps.exists() else None


def _why_it_waits(task: Task) -> SafeString | None:
    if not (entry := explain_task(task)):
        return None
    run = task.run
    of_run = situation_of(run).sentence if run and run.state in NOT_DISPATCHING else ""
    return format_html("{} {}", explained(entry), of_run)
