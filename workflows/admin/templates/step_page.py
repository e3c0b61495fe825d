"""The page of one step, for templates that are too large to be edited as a whole."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.http import urlencode

from workflows.admin.templates.steps import StepForm, rows_of, runner_choices, step_of
from workflows.admin.templates.versions import VersionViews
from workflows.admin.ui.base import actor
from workflows.admin.ui.display import page_url
from workflows.authoring.spec import TemplateSpec, parse_template, plain
from workflows.authoring.store import replace_template, spec_of
from workflows.errors import WorkflowError
from workflows.models import WorkflowTemplate
from workflows.sites import admin_url

CHANGE = "workflows.change_workflowtemplate"
NAME = "workflows_workflowtemplate_step"


class OneStepForm(StepForm):
    """The form of one step, which keeps its place in the order."""

    order = None  # type: ignore[assignment]
    began_with = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any, **kwargs: Any) -> None:
        """Offer the runners."""
        super().__init__(data, label_suffix="", **kwargs)
        runner = self.fields["runner"]
        assert isinstance(runner, forms.ChoiceField)  # noqa: S101 (declared so)
        runner.choices = runner_choices()


class StepViews(VersionViews):
    """The page of a step."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a step; its id may be any text, so it is a query parameter."""
        view = self.admin_site.admin_view(self.step_view)
        return [path("<int:template_id>/step/", view, name=NAME), *super().get_urls()]

    def step_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """Show the step `?step_id=`; a POST stores the whole template with that step changed."""
        template = self._template(request, template_id)
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied(f"This needs the permission {CHANGE}.")
        spec, step_id = spec_of(template), request.GET.get("step_id", "")
        step = next((step for step in spec.steps if step.step_id == step_id), None)
        if step is None:
            raise Http404(f"There is no step '{step_id}' in {template}.")
        initial = {**rows_of([step])[0], "began_with": template.version}
        form = OneStepForm(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_valid() and (stored := _save(request, template_id, spec, step_id, form)):
            return stored
        back = _url_in_list(template_id, step_id)
        drawn = f"{page_url(WorkflowTemplate, template_id)}#{urlencode({'step': step_id})}"
        context = {"title": f"Step {step_id}", "form": form, "back": back, "drawn": drawn}
        return self._page(request, "step_page.html", template, context)


def step_url(template_id: int, step_id: str) -> str:
    """Return the URL of the page of a step."""
    return f"{admin_url(NAME, template_id)}?{urlencode({'step_id': step_id})}"


def _save(
    request: HttpRequest, template_id: int, spec: TemplateSpec, step_id: str, form: OneStepForm
) -> HttpResponse | None:
    data = plain(spec)
    data["steps"] = _with_step_changed(data["steps"], step_id, form.cleaned_data)
    began_with = form.cleaned_data["began_with"]
    try:
        stored = replace_template(
            template_id, parse_template(data), edited_version=began_with, by=actor(request)
        )
    except WorkflowError as refusal:
        form.add_error(None, refusal.detail)
        return None
    new_id = form.cleaned_data["step_id"]
    text = f"Step {new_id} is saved. The template is now version {stored.version}."
    messages.success(request, text)
    return HttpResponseRedirect(_url_in_list(template_id, new_id))


def _url_in_list(template_id: int, step_id: str) -> str:
    """Return the URL of the template's page, with its list filtered by a step."""
    sent = urlencode({"plain": "", "step": step_id})
    return f"{page_url(WorkflowTemplate, template_id)}?{sent}#steps"


def _with_step_changed(
    steps: Sequence[dict[str, Any]], step_id: str, row: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the steps with one of them changed; steps that depend on it get its new id."""
    changed = step_of(row, known={step["step_id"] for step in steps})
    renamed = {step_id: changed["step_id"]}
    others = [
        {**step, "depends_on": [renamed.get(on, on) for on in step.get("depends_on", ())]}
        for step in steps
    ]
    return [changed if step["step_id"] == step_id else step for step in others]
