"""Trying a draft in the builder: the form that asks, and how the trial goes."""

import json
from dataclasses import replace
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from workflows.admin.runs.launch import LaunchForm
from workflows.admin.templates.drafts import ADD, DraftViews
from workflows.admin.templates.outcome import outcome_of
from workflows.admin.templates.step_page import CHANGE
from workflows.admin.templates.trial_forms import (
    EarlierRun,
    beginning,
    earlier_runs,
    trial_form,
)
from workflows.admin.ui.base import actor, is_id
from workflows.admin.ui.display import page_url
from workflows.admin.ui.numbers import render_part
from workflows.authoring.sections import split_sections
from workflows.authoring.spec import parse_template
from workflows.errors import Invalid, WorkflowError
from workflows.models import WorkflowRun
from workflows.models.fields import check_json
from workflows.operations.trials import start_trial
from workflows.runs.trials import Draft, check_draft
from workflows.sites import admin_url

RUN = ("workflows.add_workflowrun", "workflows.operate_workflowrun")
SEE = ("workflows.view_workflowrun", "workflows.view_task", "workflows.view_taskattempt")
OUTCOME = "workflows_workflowtemplate_outcome"
MAY_NOT_TRY = (
    "trying a draft does its work: besides the right to edit the template this needs the "
    f"permissions {' and '.join(RUN)}, which members of the group Workflow operator have"
)
UNNAMED = "unnamed"
BAD_DRAFT = "The draft must be a JSON object."


class TrialViews(DraftViews):
    """What the builder asks to try a draft, and to see how it goes."""

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of trials."""
        view, name = self.admin_site.admin_view, "workflows_workflowtemplate_{}".format
        trying = view(require_POST(self.try_view))
        outcome = view(never_cache(self.outcome_view))
        return [
            path("try/", trying, name=name("try_new")),
            path("<int:template_id>/try/", trying, name=name("try")),
            path("trial/workflowrun/<int:run_id>/", outcome, name=OUTCOME),
            *super().get_urls(),
        ]

    def try_view(self, request: HttpRequest, template_id: int | None = None) -> HttpResponse:
        """Return the form that tries the draft that was sent; with `start`, try it."""
        if template_id is not None:
            self._template(request, template_id)
        needed = ADD if template_id is None else CHANGE
        if not request.user.has_perm(needed):
            raise PermissionDenied(f"This needs the permission {needed}.")
        if not may_run(request):
            raise PermissionDenied(f"{MAY_NOT_TRY[0].upper()}{MAY_NOT_TRY[1:]}.")
        try:
            draft = _draft_of(request, template_id)
            check_draft(draft)
        except Invalid as refusal:
            return JsonResponse(refusal.fields, status=400)
        return _start(request, draft) if "start" in request.POST else _ask(request, draft)

    def outcome_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Return how a trial goes."""
        if not request.user.has_perms(SEE):
            raise PermissionDenied(f"This needs the permissions {', '.join(SEE)}.")
        run = WorkflowRun.objects.filter(pk=run_id, trial__isnull=False).first()
        if run is None:
            raise Http404(f"There is no trial {run_id}.")
        return JsonResponse(outcome_of(run))


def may_run(request: HttpRequest) -> bool:
    """Return True for people who may run what they have drawn."""
    return request.user.has_perms(RUN)


def trial_data(request: HttpRequest, template_id: int | None) -> dict[str, str]:
    """Return where the builder tries a draft, or why the reader may not."""
    if not may_run(request):
        return {"may_not_try": MAY_NOT_TRY}
    of_one = ("try", template_id) if template_id is not None else ("try_new",)
    return {"try": admin_url(f"workflows_workflowtemplate_{of_one[0]}", *of_one[1:])}


def _draft_of(request: HttpRequest, template_id: int | None) -> Draft:
    """
    Return the draft that was sent, as the builder would save it.

    :raises Invalid: naming what is no template.
    """
    try:
        data = json.loads(request.POST.get("draft", ""))
        check_json(data)
    except (ValueError, RecursionError, ValidationError):
        raise Invalid({"draft": [BAD_DRAFT]}) from None
    if not isinstance(data, dict):
        raise Invalid({"draft": [BAD_DRAFT]})
    content, _ = split_sections({**data, "name": data.get("name") or UNNAMED})
    return Draft(
        parse_template(content),
        template_id,
        _number(request, "version"),
        request.POST.get("step", ""),
        results_of=_number(request, "earlier"),
    )


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.POST.get(name, "")
    return int(given) if is_id(given) else None


def _ask(request: HttpRequest, draft: Draft) -> HttpResponse:
    earlier = earlier_runs(draft, request)
    asked = next((each for each in earlier if each.run.pk == draft.results_of), None)
    first = asked or next(iter(earlier), None)
    form = trial_form(draft)(auto_id="trial-%s", initial=beginning(draft, first))
    return _page(request, draft, form, earlier, first.run.pk if first else None)


def _start(request: HttpRequest, draft: Draft) -> HttpResponse:
    earlier = earlier_runs(draft, request)
    known = draft.results_of if draft.results_of in {each.run.pk for each in earlier} else None
    made = trial_form(draft)
    form = made(request.POST, auto_id="trial-%s")
    if form.is_valid():
        given = replace(draft, results=form.cleaned_data.get("results"), results_of=known)
        parameters, by = form.parameters_given(), actor(request)
        try:
            run = start_trial(given, parameters, by=by, in_background=True)
        except WorkflowError as refusal:
            made.refusal = refusal
            form = made(request.POST, auto_id="trial-%s")
        else:
            return JsonResponse(_started(request, run), status=201)
    return _page(request, draft, form, earlier, known, status=400)


def _started(request: HttpRequest, run: WorkflowRun) -> dict[str, Any]:
    sees = request.user.has_perms(SEE)
    return {
        "run": run.pk,
        "url": page_url(WorkflowRun, run.pk),
        "outcome": admin_url(OUTCOME, run.pk) if sees else None,
    }


def _page(
    request: HttpRequest,
    draft: Draft,
    form: LaunchForm,
    earlier: list[EarlierRun],
    chosen: int | None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "draft": draft,
        "earlier": earlier,
        "chosen": chosen,
        "gates": [step.step_id for step in draft.steps if step.requires_approval],
    }
    html = render_part("workflows/workflowtemplate/trial_form.html", context, request)
    return HttpResponse(html, status=status)
