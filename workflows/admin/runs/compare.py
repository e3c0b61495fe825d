"""The page that compares two runs."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.http import urlencode

from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.runs.compared_sentence import compared_sentence
from workflows.admin.ui.base import is_id
from workflows.insight.comparison import (
    BETTER,
    SLOWER,
    WORSE,
    ComparedStep,
    compare_runs,
    run_to_compare_with,
)
from workflows.insight.durations import is_slow, seconds_of_run, usual_of_runs
from workflows.insight.log_difference import LogDifference, log_difference
from workflows.insight.log_end import log_end
from workflows.insight.phrases import duration_text
from workflows.models import RunState, TaskAttempt, WorkflowRun
from workflows.sites import admin_url

COMPARE = "workflows_workflowrun_compare"
ACTION = "compare"
TWO = 2
VIEW_TASKS, VIEW_ATTEMPTS = "workflows.view_task", "workflows.view_taskattempt"
MOST_STEPS = 500
"""How many steps are listed; those that differ come first."""
MOST_LOG = 120_000
"""So many of the last characters of each log are compared."""
NOTICED_S = 1.0
"""A step that takes less than that longer took the same time."""
NOT_ENOUGH = "Choose two runs."


def _compare(*_: Any) -> None:
    """Do nothing: `changelist_view` leads to the comparison before Django looks for the action."""


def compare_url(a: int | None, b: int, **more: str) -> str:
    """Return the address that holds run B against A, or against the last success before it."""
    given = {"a": a, "b": b, **more}
    query = urlencode({name: value for name, value in given.items() if value is not None})
    return f"{admin_url(COMPARE)}?{query}"


class CompareViews(OperableAdmin):
    """The page that compares two runs, and the action of their list that leads to it."""

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Offer to compare two runs, where there are ticks at all."""
        actions = super().get_actions(request, action_location)
        return {**actions, ACTION: (_compare, ACTION, "Compare two runs")} if actions else actions

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the comparison of the ticked runs, which changes nothing."""
        asked = request.method == "POST" and request.POST.get("action") == ACTION
        if asked and self.has_operate_permission(request):
            return self._to_comparison(request)
        return super().changelist_view(request, extra_context)

    def _to_comparison(self, request: HttpRequest) -> HttpResponse:
        ticked = sorted(
            int(each) for each in request.POST.getlist(ACTION_CHECKBOX_NAME) if is_id(each)
        )
        if len(ticked) == TWO:
            return HttpResponseRedirect(compare_url(*ticked))
        self.message_user(request, "Tick two runs to compare them.", messages.WARNING)
        return HttpResponseRedirect(request.get_full_path())

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view(self.compare_view)
        return [path("compare/", view, name=COMPARE), *super().get_urls()]

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """Compare `?a=` with `?b=`, two runs of `?run=`, or `?b=` with the last success before."""
        if not self.has_view_permission(request):
            raise PermissionDenied("This needs the permission workflows.view_workflowrun.")
        a, b, problem = self._chosen(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Compare two runs",
            "opts": self.opts,
            "media": self.media,
            "problem": problem,
            "a": a,
            "b": b,
        }
        if a and b and not problem:
            context |= _compared(request, a, b)
        return TemplateResponse(request, "workflows/workflowrun/compare.html", context)

    def _chosen(self, request: HttpRequest) -> tuple[Any, Any, str]:
        """Return both runs, and what is wrong with the choice."""
        given = request.GET
        several = sorted(given.getlist("run"), key=lambda text: (len(text), text))
        wanted = several or [given.get("a", ""), given.get("b", "")]
        if len(wanted) != TWO or not all(map(is_id, filter(None, wanted))):
            return None, None, NOT_ENOUGH
        numbers = [int(text) if text else None for text in wanted]
        known = self.get_queryset(request).in_bulk([n for n in numbers if n is not None])
        a, b = (known.get(n) if n is not None else None for n in numbers)
        missing = [f"There is no run {n}." for n in numbers if n is not None and n not in known]
        if not missing and b and not a:
            a = run_to_compare_with(b)
            missing = [] if a else [f"There is no run before run {b.pk}."]
        if not missing and a == b:
            return a, b, NOT_ENOUGH
        return a, b, " ".join(missing) or ("" if a and b else NOT_ENOUGH)


def _compared(request: HttpRequest, a: WorkflowRun, b: WorkflowRun) -> dict[str, Any]:
    found, may = compare_runs(a, b), request.user.has_perm
    in_order = request.GET.get("order") == "template"
    steps = (found.steps if in_order else found.changed_first()) if may(VIEW_TASKS) else []
    usual = usual_of_runs({run.template_id for run in (a, b) if run.template_id})
    chosen = found.step_to_look_at(request.GET.get("step", ""))
    shows_log = chosen and may(VIEW_TASKS) and may(VIEW_ATTEMPTS)
    return {
        "found": found,
        "sentence": compared_sentence(found),
        "hue": "bad" if found.having(WORSE) else "good" if found.having(BETTER) else "quiet",
        "sides": [_side("A", a, usual), _side("B", b, usual)],
        "rows": [_row(step, found.longest, a, b) for step in steps[:MOST_STEPS]],
        "left_out": max(0, len(steps) - MOST_STEPS),
        "in_order": in_order,
        "step": chosen,
        "log": _log_difference(chosen) if chosen and shows_log else None,
        "swap_url": compare_url(b.pk, a.pk),
        "first_url": compare_url(a.pk, b.pk),
        "order_url": compare_url(a.pk, b.pk, order="template"),
    }


def _side(letter: str, run: WorkflowRun, usual: dict[int, float]) -> dict[str, Any]:
    seconds = None if run.state == RunState.CREATED else seconds_of_run(run)
    known = usual.get(run.template_id or 0)
    slow = is_slow(seconds, known)
    return {"letter": letter, "run": run, "seconds": seconds, "usual": known, "is_slow": slow}


def _row(step: ComparedStep, longest: float, a: WorkflowRun, b: WorkflowRun) -> dict[str, Any]:
    widths = [100 * (cell.seconds or 0.0) / longest if cell else 0.0 for cell in (step.a, step.b)]
    url = compare_url(a.pk, b.pk, step=step.step_id) if step.a and step.b else None
    return {
        "step": step,
        "width_a": round(widths[0], 1),
        "width_b": round(widths[1], 1),
        "url": f"{url}#log" if url else None,
        "told": _told(step, a, b),
    }


def _told(step: ComparedStep, a: WorkflowRun, b: WorkflowRun) -> str:
    """Return the difference of a step in a few words."""
    if not step.a or not step.b:
        run, word = (b, "new in") if step.b else (b, "gone in")
        return f"{word} v{run.template_version}" if run.template_version else word.split()[0]
    if step.seconds is None:
        return "did not run" if "idle" in {step.kind_a, step.kind_b} else ""
    if abs(step.seconds) < NOTICED_S:
        return "±0 s"
    sign = "+" if step.seconds > 0 else "−"
    times = f" · {step.factor:.1f}×" if step.change == SLOWER and step.factor else ""
    return f"{sign}{duration_text(abs(step.seconds))}{times}"


def _log_difference(step: ComparedStep) -> LogDifference:
    """Compare the logs of the latest attempts; three statements."""
    tasks = [cell.task_id for cell in (step.a, step.b) if cell]
    attempts = TaskAttempt.objects.filter(task__in=tasks, number=F("task__attempt_count"))
    ends = {
        each.task_id: log_end(each, MOST_LOG)["text"] for each in attempts.only("task", "number")
    }
    older, newer = (ends.get(task_id, "") for task_id in tasks)
    return log_difference(older, newer)
