"""What the page of a run shows; its live parts are made by the same functions at each poll."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from workflows.admin.actions.buttons import Button
from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.actions.registry import (
    CANCEL_REST,
    DISPATCH,
    DISPATCH_ALL,
    MARK_SUCCESS,
    RETRY,
    RUN_OPERATIONS,
)
from workflows.admin.runs.live import changed_tasks, new_events
from workflows.admin.tasks import SIGNS, remarks
from workflows.admin.ui.base import page_of
from workflows.admin.ui.display import IN_BAR, list_url, pretty
from workflows.admin.ui.sentences import dispatch_sentence, explained, linked
from workflows.insight.attention import undecided
from workflows.insight.explain import explain, run_sentence
from workflows.models import Approval, Event, RunState, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.task import BROKEN
from workflows.operations.preview import Effect, PendingTasks, preview_cancel_rest
from workflows.runs.readiness import causes_of, deadlocks

Deadlock = Mapping[str, Any] | None
"""What the API says of a run's deadlock, if there is one."""
LARGE = ("last_dispatch", "parameters", "secrets")
TEMPLATES = "workflows/workflowrun"
PARTS = ("summary", "trouble", "steering")
"""The live parts: each a template beside the page's own, and an element of the page."""
MOST_EXPLAINED = 10
"""Tasks whose waiting is explained on the page of a run."""
MOST_CAUSES = 3
"""Broken tasks that get buttons of their own on top of the page."""
FORM_TOKENS = re.compile('<input type="hidden" name="csrfmiddlewaretoken"[^>]*>')
LATEST = 15
"""Attempts and events on the page of a run; their lists have all of them."""


def changes(page: OperableAdmin, request: HttpRequest, run_id: int, after: int) -> dict[str, Any]:
    """
    Return what a page has to draw anew: its live parts, and the tasks and events since an event.

    May be newer than the latest event that the caller has seen; what came in between comes again.
    """
    run, may = WorkflowRun.objects.defer(*LARGE).get(pk=run_id), request.user.has_perm
    events = list(new_events(run_id, after)) if may("workflows.view_event") else []
    tasks = changed_tasks(run_id, after) if may("workflows.view_task") else []
    return {
        "state": run.state,
        "parts": live_parts(page, request, run),
        "tasks": tasks,
        "events": events,
    }


def live_parts(page: OperableAdmin, request: HttpRequest, run: WorkflowRun) -> dict[str, str]:
    """
    Return the live parts of the page, as HTML.

    Without tokens of their own for the forms: the page has one, and unchanged parts stay equal.
    """
    context = live_context(page, request, run, deadlocks([run]).get(run.pk))
    return {
        part: FORM_TOKENS.sub("", render_to_string(f"{TEMPLATES}/{part}.html", context, request))
        for part in PARTS
    }


def live_context(
    page: OperableAdmin, request: HttpRequest, run: WorkflowRun, deadlock: Deadlock
) -> dict[str, Any]:
    """Return what the live parts show; a constant number of statements, few while all is well."""
    # While the run moves, its pages ask often: then the question alone tells of effects.
    pending = PendingTasks([run.pk]) if deadlock else None
    run.deadlock = deadlock  # type: ignore[attr-defined]
    causes = (deadlock or {}).get("root_causes", ())
    return {
        "original": run,
        "bar": list(_bar(run)),
        "total": sum(run.task_counts.values()),
        "deadlock": deadlock,
        "told": linked(run_sentence(run, deadlock), causes),
        "trouble": list(_trouble(page, request, run, deadlock, pending)),
        "broken": run.broken_count,
        "more_causes": max(0, _cause_count(run, deadlock) - MOST_CAUSES),
        "broken_url": list_url(Task, run=run.pk, state__in=",".join(BROKEN)),
        "rest": _rest(page, request, run, pending),
        "approvals_count": undecided(Approval.objects.filter(task__run=run)).count(),
        "approvals_url": list_url(Approval, run=run.pk),
        "dispatching": _dispatching(page, request, run),
        "steering": page.buttons(request, run, RUN_OPERATIONS),
        "task_list_url": list_url(Task),
        "run_list_url": list_url(WorkflowRun),
    }


def whole_context(page: OperableAdmin, request: HttpRequest, run: WorkflowRun) -> dict[str, Any]:
    """Return what surrounds a run: its live parts, and what was true when it was asked for."""
    answer = explain(run.pk, most=MOST_EXPLAINED)
    tasks = run.tasks.select_related("runner").defer("payload").order_by("position")
    attempts = TaskAttempt.objects.filter(task__run=run).order_by("-dispatched_at", "-number")
    events = Event.objects.filter(run=run).order_by("-id").select_related("task")
    return {
        **live_context(page, request, run, answer["deadlock"]),
        "waiting": list(map(_row, answer["blocked"])),
        "pending_url": list_url(Task, run=run.pk, state__exact=TaskState.PENDING),
        "sentence": dispatch_sentence(run.last_dispatch) if run.last_dispatch else None,
        "answer": pretty(run.last_dispatch),
        "tasks": _remarked(page_of(tasks, request)),
        "attempts": attempts.select_related("task").defer("payload", "result")[:LATEST],
        "events": events.defer("payload", "task__payload")[:LATEST],
        "tasks_url": list_url(Task, run=run.pk),
        "attempts_url": list_url(TaskAttempt, run=run.pk),
        "events_url": list_url(Event, run=run.pk),
    }


def _dispatching(page: OperableAdmin, request: HttpRequest, run: WorkflowRun) -> list[Button]:
    # A run that succeeded has nothing left to dispatch; one that failed says what blocks it.
    if run.state == RunState.SUCCESS:
        return []
    return page.buttons(request, run, [DISPATCH, DISPATCH_ALL])


def titled(run: WorkflowRun) -> str:
    """Return what stands on top of the page."""
    return f"Run {run.pk} · {run.template_name}" if run.template_name else f"Run {run.pk}"


def _bar(run: WorkflowRun) -> Iterator[dict[str, Any]]:
    """Yield the pieces of the progress bar, in percent of its width."""
    counts, at = run.task_counts, 0.0
    total = sum(counts.values()) or 1
    for state in (*IN_BAR, TaskState.PENDING):
        if n := counts[state]:
            width = 100 * n / total
            yield {"state": state, "count": n, "x": round(at, 2), "width": round(width, 2)}
            at += width


def _cause_count(run: WorkflowRun, deadlock: Deadlock) -> int:
    return len(deadlock["root_causes"]) if deadlock else run.broken_count


def _trouble(
    page: OperableAdmin,
    request: HttpRequest,
    run: WorkflowRun,
    deadlock: Deadlock,
    pending: PendingTasks | None,
) -> Iterator[dict[str, Any]]:
    """Yield the first broken tasks with their cures, and what these would bring about."""
    if not run.broken_count or run.state == RunState.ABORTED:
        return
    broken = _broken(run, deadlock)
    for task, cause in zip(broken, causes_of(broken), strict=True):
        cures = [
            {
                "operation": each.operation,
                "effects": told(each.operation.domain.preview([task], pending)) if pending else "",
            }
            for each in page.buttons(request, task, [RETRY, MARK_SUCCESS])
        ]
        yield {"task": task, "cause": cause, "cures": cures}


def _broken(run: WorkflowRun, deadlock: Deadlock) -> list[Task]:
    if deadlock:
        ids = [cause["task_id"] for cause in deadlock["root_causes"][:MOST_CAUSES]]
        broken = Task.objects.filter(pk__in=ids).order_by("position")
    else:
        broken = Task.objects.filter(run=run, state__in=BROKEN).order_by("-state", "position")
    tasks = list(broken.defer("payload")[:MOST_CAUSES])
    for task in tasks:
        task.run = run
    return tasks


def _rest(
    page: OperableAdmin, request: HttpRequest, run: WorkflowRun, pending: PendingTasks | None
) -> dict[str, Any] | None:
    # Of a deadlocked run the check is known: it would ask again for what keeps it blocked.
    if not pending or not page.has_operate_permission(request):
        return None
    return {"operation": CANCEL_REST, "effects": told(preview_cancel_rest([run], pending))}


def told(effects: Sequence[Effect]) -> str:
    """Return effects as one sentence."""
    return "; ".join(effect.sentence for effect in effects)


def _row(entry: Mapping[str, Any]) -> tuple[int, str, SafeString]:
    return entry["task_id"], entry["step_id"] or f"task {entry['task_id']}", explained(entry)


def _remarked(tasks: Page[Task]) -> Page[Task]:
    for task in tasks:
        task.remarks = [(text, SIGNS[text]) for text in remarks(task)]  # type: ignore[attr-defined]
    return tasks
