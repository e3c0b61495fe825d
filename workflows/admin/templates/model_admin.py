"""Templates: edited with all their steps in one form, stored by one operation."""

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.core.exceptions import ValidationError
from django.core.paginator import Page
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from workflows.admin.templates.builder import ADD, BuilderViews, builder_data, graph_of
from workflows.admin.templates.step_page import CHANGE, step_url
from workflows.admin.templates.steps import MOST_STEPS, StepFormSet, rows_of, step_formset
from workflows.admin.templates.versions import MOST_DRAWN
from workflows.admin.ui.base import RefusableAdmin, RefusableForm, actor, page_of
from workflows.admin.ui.display import link, list_url, moment
from workflows.admin.ui.fields import JSONObjectFormField
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template, spec_of
from workflows.models import TemplateStep, WorkflowRun, WorkflowTemplate
from workflows.payloads.parameters import check_schema

TIMES = (moment("created_at"), moment("updated_at"))


EXAMPLE = (
    '{"properties": {"day": {"type": "string", "format": "date"}, '
    '"copies": {"type": "integer", "minimum": 1, "default": 2}, '
    '"token": {"type": "string", "writeOnly": true}}, "required": ["day"]}'
)


class SchemaField(JSONObjectFormField):
    """What runs take as parameters."""

    def clean(self, value: Any) -> Any:
        """Return a schema that every door would accept."""
        schema = super().clean(value)
        if problems := list(check_schema(schema)):
            raise ValidationError(problems)
        return schema


class TemplateForm(RefusableForm):
    """A template without its steps."""

    description = forms.CharField(
        required=False, strip=False, widget=forms.Textarea(attrs={"rows": 2, "cols": 80})
    )
    parameters_schema = SchemaField(
        label="Parameters",
        widget=forms.Textarea(
            attrs={"rows": 4, "cols": 80, "class": "json", "spellcheck": "false"}
        ),
        help_text="A JSON Schema of what a run is asked for; empty: anything. "
        f"writeOnly makes a secret. Such as {EXAMPLE}",
    )
    began_with = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = WorkflowTemplate
        fields = ("name", "description", "approver_must_differ", "parameters_schema")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Remember the version that the form was opened with."""
        super().__init__(*args, **kwargs)
        self.initial["began_with"] = self.instance.version if self.instance.pk else None

    def clean_description(self) -> str:
        """Return the text with the line ends that it was stored with; browsers send others."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")


if TYPE_CHECKING:
    AnyInline = InlineModelAdmin[TemplateStep, WorkflowTemplate]
else:
    AnyInline = InlineModelAdmin


class StepInline(AnyInline):
    """The steps, beneath the template; who may edit the one may edit the other."""

    model = TemplateStep
    template = "workflows/workflowtemplate/steps.html"

    @property
    def media(self) -> forms.Media:
        """Bring what makes picking dependencies comfortable; the form works without."""
        return forms.Media(js=["workflows/steps.js"])

    def get_formset(
        self, request: HttpRequest, obj: WorkflowTemplate | None = None, **kwargs: Any
    ) -> type[Any]:
        """Return a form whose rows are plain data: a template is stored whole."""
        return step_formset(blank=1 if obj else 3)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As of the template."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As of the template."""
        return True

    has_view_permission = has_delete_permission = has_change_permission


class WorkflowTemplateAdmin(RefusableAdmin, BuilderViews):
    """Templates are checked and stored whole, by the operation that every door uses."""

    change_form_template = "workflows/workflowtemplate/change_form.html"
    change_list_template = "workflows/workflowtemplate/change_list.html"
    when_empty = (
        "There is no template yet: draw one here, or load an example with "
        "manage.py import_workflow examples/backup.yaml."
    )
    form = TemplateForm
    list_display = ("name", "version", "steps_shown", "runs_shown", moment("updated_at"))
    list_filter = ("updated_at",)
    readonly_fields = ("version", *TIMES)
    search_fields = ("name", "description")
    search_help_text = "Name, or words of the description."

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowTemplate]:
        """Count the steps."""
        templates: QuerySet[WorkflowTemplate] = super().get_queryset(request)
        return templates.annotate(step_count=Count("steps"))

    def get_fieldsets(self, request: HttpRequest, obj: WorkflowTemplate | None = None) -> Any:
        """Show what is seldom edited on demand, and the version beside it."""
        seldom: list[Any] = [*TemplateForm.Meta.fields[2:]]
        if obj is not None:
            hidden = ["began_with"] if self.has_change_permission(request, obj) else []
            seldom += [*hidden, ("version", *TIMES)]
        return [
            (None, {"fields": TemplateForm.Meta.fields[:2]}),
            ("Parameters and rules", {"fields": seldom, "classes": ["collapse"]}),
        ]

    def has_change_permission(
        self, request: HttpRequest, obj: WorkflowTemplate | None = None
    ) -> bool:
        """Those who may, as long as the form can take all steps."""
        permitted = super().has_change_permission(request, obj)
        return permitted and _step_count(obj) <= MOST_STEPS

    def get_inlines(self, request: HttpRequest, obj: WorkflowTemplate | None) -> list[Any]:
        """Show the form of the steps to those who may use it; others see a list."""
        return [StepInline] if obj is None or self.has_change_permission(request, obj) else []

    def get_formset_kwargs(
        self, request: HttpRequest, obj: WorkflowTemplate, inline: Any, prefix: str
    ) -> dict[str, Any]:
        """Fill the form with the stored steps."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method != "POST" and obj.pk:
            kwargs["initial"] = rows_of(spec_of(obj).steps)
        return kwargs

    def save_model(self, *_: Any) -> None:
        """Store nothing yet: a template goes with its steps."""

    def save_related(
        self, request: HttpRequest, form: TemplateForm, formsets: list[StepFormSet], change: bool
    ) -> None:
        """Store the template whole."""
        own = {name: form.cleaned_data[name] for name in TemplateForm.Meta.fields}
        spec = parse_template({**own, "steps": formsets[0].steps()})
        if change:
            began_with = form.cleaned_data["began_with"] or 0
            replace_template(form.instance.pk, spec, edited_version=began_with, by=actor(request))
        else:
            form.instance.pk = create_template(spec, by=actor(request)).pk

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        """Leave the details to the version."""
        return [{"added": {}} if add else {"changed": {"fields": ["steps"]}}]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count the steps that go with the templates; naming each takes a statement each."""
        templates = list(objs)
        steps = TemplateStep.objects.filter(template__in=templates).count()
        counted = {self.opts.verbose_name_plural: len(templates), "steps": steps}
        permitted = self.has_delete_permission(request)
        lacking = set() if permitted else {self.opts.verbose_name}
        return [f"{each}, version {each.version}" for each in templates], counted, lacking, []

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: WorkflowTemplate | None = None,
    ) -> HttpResponse:
        """Add the ways to the runs, the builder, and a list of the steps where there is none."""
        if change and obj is not None:
            may_run = request.user.has_perm("workflows.add_workflowrun")
            context["run_url"] = _run_url(obj) if may_run else None
            context["runs_url"] = list_url(WorkflowRun, template__id__exact=obj.pk)
            is_large = _step_count(obj) > MOST_STEPS
            context |= {"is_large": is_large, "step_total": _step_count(obj)}
            context["may_edit"] = is_large and request.user.has_perm(CHANGE)
            context["may_import"] = _may_import(request)
            if not context["inline_admin_formsets"]:
                context["steps"] = _page_of_steps(obj, request)
                context["drawing"] = graph_of(obj) if _step_count(obj) <= MOST_DRAWN else None
        if context["inline_admin_formsets"] and request.method == "GET":
            context["plain"] = "plain" in request.GET
            context["builder"] = None if context["plain"] else builder_data(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer to import a file."""
        more = {"may_import": _may_import(request)}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    @admin.display(description="steps", ordering="step_count")
    def steps_shown(self, template: WorkflowTemplate) -> int:
        """Return how many steps there are."""
        return _step_count(template)

    @admin.display(description="runs")
    def runs_shown(self, template: WorkflowTemplate) -> SafeString:
        """Return the way to the runs made from the template."""
        return link(list_url(WorkflowRun, template__id__exact=template.pk), "runs")


def _step_count(template: WorkflowTemplate | None) -> int:
    return int(getattr(template, "step_count", 0))  # a new one has not been counted


def _may_import(request: HttpRequest) -> bool:
    return request.user.has_perm(ADD) and request.user.has_perm(CHANGE)


def _run_url(template: WorkflowTemplate) -> str:
    return f"{reverse('admin:workflows_workflowrun_add')}?template={template.pk}"


def _page_of_steps(template: WorkflowTemplate, request: HttpRequest) -> Page[TemplateStep]:
    steps = template.steps.select_related("runner").prefetch_related("upstream")
    if wanted := request.GET.get("step", "").strip():
        steps = steps.filter(Q(step_id__icontains=wanted) | Q(title__icontains=wanted))
    page = page_of(steps, request, size=50)
    for step in page:
        step.url = step_url(template.pk, step.step_id)
        step.payload_shown = json.dumps(step.payload, ensure_ascii=False)
    return page
