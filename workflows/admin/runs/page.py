"""What the page of a run shows. At each poll, the same code draws its live parts again."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.actions.registry import (
    DISPATCH,
    DISPATCH_ALL,
    RUN_OPERATIONS,
)
from workflows.admin.runs.live import NO_ROWS, changed_tasks, latest_event, new_events
from workflows.admin.runs.suggested import SuggestedActions
from workflows.admin.tasks import SIGNS, remarks
from workflows.admin.ui.base import page_of
from workflows.admin.ui.display import IN_BAR, chips, list_url, pretty
from workflows.admin.ui.sentences import dispatch_sentence, explained, linked, origin_sentence
from workflows.db.composed import Given, composed, count_query
from workflows.insight.attention import undecided
from workflows.insight.explain import explain_tasks
from workflows.insight.situation import situation_of
from workflows.models import Approval, Event, RunState, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.bounds import cut_texts
from workflows.models.label import labels_of
from workflows.models.task import BROKEN
from workflows.search.words import notes

ANSWERED = "answered"
"""In the address after a click on Dispatch: the latest event then."""
LARGE_FIELDS = ("last_dispatch", "parameters", "secrets", "encrypted_secrets")
"""Fields that the live parts do not show."""
TEMPLATES = "workflows/workflowrun"
PARTS = ("summary", "trouble", "operations")
"""The live parts: each is a template of its own, and an element of the page."""
MOST_EXPLAINED = 10
"""How many pending tasks are listed with the reason why they wait."""
FORM_TOKENS = re.compile('<input type="hidden" name="csrfmiddlewaretoken"[^>]*>')
MOST_NOTES = 5
LATEST = 15
"""How many attempts and events are listed; their own lists have all of them."""


def changes_since(
    event_id: int, model_admin: OperableAdmin, request: HttpRequest, run_id: int
) -> dict[str, Any]:
    """
    Return what a page has to redraw: its live parts, and the tasks and events since an event.

    The answer may be newer than the event that the page then knows as the latest; what happened
    in between is simply sent once more.
    """
    [run], may = _run.rows(run=run_id), request.user.has_perm
    events = new_events(run_id, event_id) if may("workflows.view_event") else NO_ROWS
    tasks = changed_tasks(run_id, event_id) if may("workflows.view_task") else NO_ROWS
    live = LiveParts(model_admin, request, run)
    return {"state": run.state, "parts": live.as_html(), "tasks": tasks, "events": events}


@composed
def _run() -> QuerySet[WorkflowRun]:
    return WorkflowRun.objects.filter(pk=Given("run")).defer(*LARGE_FIELDS)


@composed
def _undecided() -> QuerySet[Approval, int]:
    return count_query(undecided(Approval.objects.filter(task__run=Given("run"))))


def run_page_context(
    model_admin: OperableAdmin, request: HttpRequest, run: WorkflowRun
) -> dict[str, Any]:
    """Return the context of the whole page: its live parts, and what only a reload changes."""
    live = LiveParts(model_admin, request, run)
    answer = cut_texts(run.last_dispatch) if _has_just_answered(request, run) else None
    return {
        **live.context(),
        "waiting_tasks": [
            (entry["task_id"], entry["step_id"] or f"task {entry['task_id']}", explained(entry))
            for entry in explain_tasks(run, most=MOST_EXPLAINED)
        ],
        "pending_url": list_url(Task, run=run.pk, state__exact=TaskState.PENDING),
        "dispatch_sentence": _sentence_on(answer) if answer else None,
        "dispatch_answer": pretty(answer),
        "origin": origin_sentence(run),
        "chips": chips(labels_of([run.pk]).get(run.pk, {})),
        "notes": _notes(request, run),
        **_lists(request, run),
    }


def _notes(request: HttpRequest, run: WorkflowRun) -> Iterable[Event]:
    """Return the latest notes on a run, as far as the reader may see events."""
    if not request.user.has_perm("workflows.view_event"):
        return ()
    return notes().filter(run=run).order_by("-id")[:MOST_NOTES]


def _has_just_answered(request: HttpRequest, run: WorkflowRun) -> bool:
    """Return True after a click on Dispatch, until something else happens in the run."""
    answered = request.GET.get(ANSWERED)
    return answered is not None and answered == str(latest_event(run.pk))


def _sentence_on(answer: Any) -> str:
    try:
        return dispatch_sentence(answer)
    except (AttributeError, LookupError, TypeError):
        return "The stored answer is damaged."


def run_title(run: WorkflowRun) -> str:
    """Return the title of the page."""
    return f"Run {run.pk} · {run.template_name}" if run.template_name else f"Run {run.pk}"


class LiveParts:
    """
    The parts of the page that change while its run does, as one reader sees them.

    They take a constant number of statements.
    """

    def __init__(self, model_admin: OperableAdmin, request: HttpRequest, run: WorkflowRun) -> None:
        """Read what the run waits for."""
        self.model_admin = model_admin
        self.request = request
        self.run = run
        self.situation = situation_of(run)
        self.suggested = SuggestedActions(request, run, self.situation)

    def as_html(self) -> dict[str, str]:
        """
        Return each part as HTML, by name.

        Without CSRF tokens: the page puts its own into the forms, and unchanged parts stay equal.
        """
        context = self.context()
        return {
            part: FORM_TOKENS.sub(
                "", render_to_string(f"{TEMPLATES}/{part}.html", context, self.request)
            )
            for part in PARTS
        }

    def context(self) -> dict[str, Any]:
        """Return the context of the parts' templates."""
        return {
            "original": self.run,
            "deadlock": self.situation.deadlock,
            "bar": list(_bar(self.run)),
            "total": sum(self.run.task_counts.values()),
            **self._trouble(),
            **self._buttons(),
        }

    def _trouble(self) -> dict[str, Any]:
        run, situation = self.run, self.situation
        rows = list(self.suggested.rows())
        broken = sum(bool(row.cause and row.cause.status in BROKEN) for row in rows)
        approvals = _undecided.first(run=run.pk) or 0 if run.pending_count else 0
        # The buttons of a single one say all; several have a list, where they are decided at once.
        is_shown = approvals == 1 and any(row.badge == "approval" for row in rows)
        return {
            "run_sentence": linked(situation.sentence, [t.as_json() for t in situation.tasks]),
            "suggested_rows": rows,
            "more_broken": max(0, run.broken_count - broken) if broken else 0,
            "broken_url": list_url(Task, run=run.pk, state__in=",".join(BROKEN)),
            "approvals_count": 0 if is_shown else approvals,
            "approvals_url": list_url(Approval, run=run.pk),
        }

    def _buttons(self) -> dict[str, Any]:
        buttons, run, suggested = self.model_admin.buttons, self.run, self.suggested
        # A run that succeeded has nothing left to dispatch; one that failed says what blocks it.
        dispatching = [] if run.state == RunState.SUCCESS else [DISPATCH, DISPATCH_ALL]
        others = [each for each in RUN_OPERATIONS if each.name not in suggested.of_run]
        return {
            "dispatching": buttons(self.request, run, dispatching),
            "dispatch_is_suggested": suggested.dispatches,
            "operations": buttons(self.request, run, others),
            "run_list_url": list_url(WorkflowRun),
        }


def _bar(run: WorkflowRun) -> Iterator[dict[str, Any]]:
    """Yield the pieces of the progress bar, in percent of its width."""
    counts, at = run.task_counts, 0.0
    total = sum(counts.values()) or 1
    for state in (*IN_BAR, TaskState.PENDING):
        if n := counts[state]:
            width = 100 * n / total
            yield {"state": state, "count": n, "x": round(at, 2), "width": round(width, 2)}
            at += width


def _lists(request: HttpRequest, run: WorkflowRun) -> dict[str, Any]:
    """Return the tasks, attempts and events of a run, and where the whole lists are."""
    tasks = run.tasks.select_related("runner").defer("payload").order_by("position")
    return {
        "tasks": _with_remarks(page_of(tasks, request, count=sum(run.task_counts.values()))),
        "attempts": _listed_attempts.rows(run=run.pk),
        "events": _listed_events.rows(run=run.pk),
        "tasks_url": list_url(Task, run=run.pk),
        "attempts_url": list_url(TaskAttempt, run=run.pk),
        "events_url": list_url(Event, run=run.pk),
    }


@composed
def _listed_attempts() -> QuerySet[TaskAttempt]:
    attempts = TaskAttempt.objects.filter(task__run=Given("run")).select_related("task")
    latest = attempts.order_by("-dispatched_at", "-number")
    return latest.defer("payload", "result", "task__payload")[:LATEST]


@composed
def _listed_events() -> QuerySet[Event]:
    events = Event.objects.filter(run=Given("run")).order_by("-id").select_related("task")
    return events.defer("payload", "task__payload")[:LATEST]


def _with_remarks(tasks: Page[Task]) -> Page[Task]:
    for task in tasks:
        task.remarks = [(text, SIGNS[text]) for text in remarks(task)]  # type: ignore[attr-defined]
    return tasks
