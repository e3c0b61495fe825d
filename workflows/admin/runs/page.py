"""What the page of a run shows. At each poll, the same code draws its live parts again."""

import re
from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest

from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.actions.registry import (
    ABORT,
    AUTO_DISPATCH_OFF,
    AUTO_DISPATCH_ON,
    CANCEL_REST,
    DISPATCH_ALL,
    PAUSE,
    RESUME,
    RUN_OPERATIONS,
)
from workflows.admin.curl.address import curl_url
from workflows.admin.runs.compare import compare_url
from workflows.admin.runs.facts import facts
from workflows.admin.runs.live import NO_ROWS, changed_tasks, new_events
from workflows.admin.runs.look import look_of, parted
from workflows.admin.runs.suggested import Cures, again_url
from workflows.admin.runs.tab import tab_of
from workflows.admin.tasks import SIGNS, remarks
from workflows.admin.ui.base import page_of
from workflows.admin.ui.display import chips, list_url, pretty
from workflows.admin.ui.numbers import render_part
from workflows.admin.ui.sentences import explained, linked
from workflows.db.composed import Given, composed, count_query
from workflows.insight.attention import undecided
from workflows.insight.comparison import run_to_compare_with
from workflows.insight.explain import explain_tasks
from workflows.insight.log_end import last_lines
from workflows.insight.situation import situation_of
from workflows.models import Approval, Event, RunState, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.bounds import cut_texts
from workflows.models.label import labels_of
from workflows.search.words import notes
from workflows.sites import admin_url

LARGE_FIELDS = ("last_dispatch",)
"""Fields that the live parts do not show."""
GRAPH = "workflows_workflowrun_graph"
TEMPLATES = "workflows/workflowrun"
PARTS = ("summary", "verdict", "operations")
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
    tasks = changed_tasks(run_id, event_id, may) if may("workflows.view_task") else NO_ROWS
    live = LiveParts(model_admin, request, run)
    return {
        "state": run.state,
        "tab": tab_of(run),
        "parts": live.as_html(),
        "tasks": tasks,
        "events": events,
    }


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
    return {
        **live.context(),
        "tab": tab_of(run),
        "waiting_tasks": [
            (entry["task_id"], entry["step_id"] or f"task {entry['task_id']}", explained(entry))
            for entry in explain_tasks(run, most=MOST_EXPLAINED)
        ],
        "pending_url": list_url(Task, run=run.pk, state__exact=TaskState.PENDING),
        "dispatch_answer": pretty(cut_texts(run.last_dispatch)) if run.last_dispatch else "",
        "chips": chips(labels_of([run.pk]).get(run.pk, {})),
        "notes": _notes(request, run),
        **_earlier(request, run),
        **_lists(request, run),
    }


def _notes(request: HttpRequest, run: WorkflowRun) -> Sequence[Event]:
    """Return the latest notes on a run, as far as the reader may see events."""
    if not request.user.has_perm("workflows.view_event"):
        return ()
    return list(notes().filter(run=run).order_by("-id")[:MOST_NOTES])


def _earlier(request: HttpRequest, run: WorkflowRun) -> dict[str, Any]:
    """Return with which earlier run this one is compared, and whose bars may stand behind it."""
    earlier = run_to_compare_with(run)
    if earlier is None:
        return {}
    is_shown = earlier.state == RunState.SUCCESS and request.user.has_perm("workflows.view_task")
    return {
        "compare_with": earlier.pk,
        "compare_url": compare_url(earlier.pk, run.pk),
        "previous_graph": admin_url(GRAPH, earlier.pk) if is_shown else "",
    }


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
        self.cures = Cures(request, run, self.situation)

    def as_html(self) -> dict[str, str]:
        """
        Return each part as HTML, by name.

        Without CSRF tokens: the page puts its own into the forms, and unchanged parts stay equal.
        """
        context = self.context()
        return {
            part: FORM_TOKENS.sub(
                "", render_part(f"{TEMPLATES}/{part}.html", context, self.request)
            )
            for part in PARTS
        }

    def context(self) -> dict[str, Any]:
        """Return the context of the parts' templates."""
        return {**facts(self.run), **self._verdict(), **self._operations()}

    def _verdict(self) -> dict[str, Any]:
        """Return the true sentence, with the buttons that help and the end of the log."""
        run, situation = self.run, self.situation
        failed = next((t for t in situation.tasks if t.status == TaskState.FAILED), None)
        may_read = self.request.user.has_perm("workflows.view_taskattempt")
        ids = [failed.task_id] if failed and may_read else []
        lines = parted(line for found in last_lines(ids).values() for line in found)
        hue, icon = look_of(run, situation)
        return {
            "run_sentence": linked(situation.statement, [t.as_json() for t in situation.tasks]),
            "hue": hue,
            "icon": icon,
            "cures": self.cures.shown,
            "failed_task": failed,
            "last_lines": lines,
            "last_number": lines[-1][0] if lines else None,
            **self._approvals(),
        }

    def _approvals(self) -> dict[str, Any]:
        """Return how many approvals are open that no button is about."""
        run = self.run
        approvals = _undecided.first(run=run.pk) or 0 if run.pending_count else 0
        shown = {each.pk for each in self.cures.shown if each.operation == "approve"}
        return {
            "approvals_count": max(0, approvals - len(shown)),
            "approvals_url": list_url(Approval, run=run.pk),
        }

    def _operations(self) -> dict[str, Any]:
        request, run, known = self.request, self.run, self.cures.names
        by_name = {
            each.operation.name: each
            for each in self.model_admin.buttons(request, run, (*RUN_OPERATIONS, CANCEL_REST))
            if each.operation.name not in known
        }
        taken = [by_name.pop(each.name, None) for each in (*SWITCH, *IN_BAR)]
        return {
            "switch": next(filter(None, taken[: len(SWITCH)]), None),
            "acts": [each for each in taken[len(SWITCH) :] if each],
            "menu": list(by_name.values()),
            "more_cures": self.cures.others,
            "run_list_url": list_url(WorkflowRun),
            "may_preview": bool(known & {DISPATCH_ALL.name}),
            "again_url": "" if "again" in known else again_url(request, run),
            "curl_url": curl_url(run),
        }


SWITCH = (AUTO_DISPATCH_ON, AUTO_DISPATCH_OFF)
IN_BAR = (RESUME, PAUSE, ABORT)
"""What has a button of its own in the bar of actions; the rest is in its menu."""


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
