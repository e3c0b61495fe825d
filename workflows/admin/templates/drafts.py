"""What the builder asks about a draft: what will not work, its launch form, its earlier runs."""

import json
import re
from statistics import median
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from workflows.admin.runs.launch import launch_form
from workflows.admin.templates.outline import outline
from workflows.admin.templates.step_page import CHANGE, StepViews
from workflows.admin.ui.display import page_url
from workflows.authoring.checks import findings_when_saved
from workflows.authoring.sections import check_sections, split_sections
from workflows.authoring.spec import parse_template
from workflows.errors import Invalid
from workflows.insight.durations import FEWEST, LATEST
from workflows.models import Task, TaskAttempt, TaskState, WorkflowRun, WorkflowTemplate
from workflows.models.attempt import Outcome
from workflows.models.fields import check_json
from workflows.payloads.parameters import check_schema

ADD = "workflows.add_workflowtemplate"
SEE_RUNS = ("workflows.view_workflowrun", "workflows.view_task", "workflows.view_taskattempt")
MOST_RUNS = 25
OF_STEP = re.compile(r"step '(.*?)'(?:: | )")
QUOTED = re.compile(r"^payload: (['\"]).*\1: (?=\S)", re.DOTALL)
"""The text of an expression, which is in the field itself."""
BRIEF = {
    "there is nothing to do": "does nothing yet",
    "no function named": "unknown function",
    "no runner named": "unknown runner",
    "there is no task": "unknown task",
    "unknown key": "unknown key",
    "is not upstream": "does not wait for it",
    "there is no step": "unknown step",
    "has no parameter": "unknown parameter",
    "does not take these": "wrong arguments",
    "ignore it": "ignored by its runner",
    "is missing": "expression not closed",
}
"""What stands below the name of a step, by words of the finding."""
OTHERWISE = "will not work"

Found = dict[str, Any]


class DraftViews(StepViews):
    """The answers to what the builder asks while somebody edits."""

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses that the builder asks."""
        view, name = self.admin_site.admin_view, "workflows_workflowtemplate_{}".format
        lately = never_cache(self.lately_view)
        return [
            path("check/", view(require_POST(self.check_view)), name=name("check")),
            path("form/", view(require_POST(self.form_view)), name=name("form")),
            path("<int:template_id>/lately/", view(lately), name=name("lately")),
            *super().get_urls(),
        ]

    def check_view(self, request: HttpRequest) -> HttpResponse:
        """Return what saving a draft would refuse or warn of; nothing is stored."""
        _require_author(request)
        data = _sent(request)
        return _bad_request() if data is None else JsonResponse({"findings": findings_of(data)})

    def form_view(self, request: HttpRequest) -> HttpResponse:
        """Return the form that would ask for the parameters of a run, as HTML."""
        _require_author(request)
        data = _sent(request)
        if data is None or not isinstance(data.get("schema"), dict):
            return _bad_request()
        problems = list(check_schema(data["schema"]))
        form = None
        if not problems:
            made = launch_form(WorkflowTemplate(parameters_schema=data["schema"]))
            form = made(auto_id="preview-%s")
        context = {"form": form, "problems": problems}
        return render(request, "workflows/workflowtemplate/launch_preview.html", context)

    def lately_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """Return the latest tasks of the step `?step_id=`, and what the last one has left."""
        if not request.user.has_perms(SEE_RUNS):
            raise PermissionDenied(f"This needs the permissions {', '.join(SEE_RUNS)}.")
        template = self._template(request, template_id)
        return JsonResponse(lately(template, request.GET.get("step_id", "").replace("\0", "")))


def findings_of(data: dict[str, Any]) -> list[Found]:
    """Return what is wrong with a draft, with its field and step; two statements at most."""
    content, sections = split_sections(data)
    try:
        spec = parse_template(content)
    except Invalid as refusal:
        return _refused(refusal)
    found = [
        _finding(each.field, each.text, each.step_id, is_error=each.is_error)
        for each in findings_when_saved(spec)
    ]
    try:
        check_sections(sections, spec)
    except Invalid as refusal:
        found += _refused(refusal)
    return found


def lately(template: WorkflowTemplate, step_id: str) -> Found:
    """Return the latest tasks of a step and what the last successful one has left; 3 statements."""
    newest = WorkflowRun.objects.filter(template=template).order_by("-pk")
    parameters = dict(newest.values_list("pk", "parameters")[:MOST_RUNS])
    tasks = Task.objects.filter(run__in=list(parameters), step_id=step_id).order_by("-run_id")
    rows = tasks.values_list("pk", "run_id", "state", "started_at", "finished_at")
    timed = [(pk, run, state, _seconds(start, end)) for pk, run, state, start, end in rows]
    runs = [
        {"run": run, "state": state, "seconds": seconds, "url": page_url(Task, pk)}
        for pk, run, state, seconds in timed
    ]
    done = [s for _, _, state, s in timed if state == TaskState.SUCCESS and s is not None]
    usual = median(done[:LATEST]) if len(done) >= FEWEST else None
    return {"runs": runs, "usual": usual, "left": _left(list(parameters), step_id, parameters)}


def _left(run_ids: list[int], step_id: str, parameters: dict[int, Any]) -> Found | None:
    """Return what the last successful attempt of a step has left, and the parameters of its run."""
    attempts = TaskAttempt.objects.filter(
        task__run__in=run_ids,
        task__step_id=step_id,
        outcome=Outcome.SUCCESS,
        number=F("task__attempt_count"),
    )
    last = attempts.order_by("-task__run_id").values_list("task__run_id", "result", "exit_code")
    if (found := last.first()) is None:
        return None
    run, result, exit_code = found
    return {
        "run": run,
        "result": outline(result),
        "exit_code": exit_code,
        "params": outline(parameters[run]),
    }


def _seconds(start: Any, end: Any) -> float | None:
    return (end - start).total_seconds() if start and end else None


def _refused(refusal: Invalid) -> list[Found]:
    return [_finding(name, text) for name, texts in refusal.fields.items() for text in texts]


def _finding(field: str, text: str, step_id: str = "", *, is_error: bool = True) -> Found:
    named = OF_STEP.match(text)
    step_id = step_id or (named[1] if named and field == "steps" else "")
    brief = next((short for words, short in BRIEF.items() if words in text), OTHERWISE)
    shown = QUOTED.sub("payload: ", text.removeprefix(f"step '{step_id}': "))
    return {
        "field": field,
        "step_id": step_id,
        "text": shown,
        "brief": brief,
        "is_error": is_error,
    }


def _require_author(request: HttpRequest) -> None:
    if not (request.user.has_perm(ADD) or request.user.has_perm(CHANGE)):
        raise PermissionDenied(f"This needs the permission {ADD} or {CHANGE}.")


def _sent(request: HttpRequest) -> dict[str, Any] | None:
    """Return the JSON object that was sent, if it was one."""
    try:
        data = json.loads(request.body)
        check_json(data)
    except (ValueError, RecursionError, ValidationError):
        return None
    return data if isinstance(data, dict) else None


def _bad_request() -> HttpResponse:
    return JsonResponse({"detail": "The body must be a JSON object."}, status=400)
