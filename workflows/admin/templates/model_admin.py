"""The admin of templates: each is edited with its steps in one form, saved by one operation."""

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import InlineModelAdmin
from django.core.paginator import Page
from django.db.models import Count, Q, QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse

from workflows.admin.curl.views import CurlViews
from workflows.admin.templates.builder import builder_data, template_graph
from workflows.admin.templates.drafts import ADD
from workflows.admin.templates.form import TemplateForm
from workflows.admin.templates.list import TemplateListAdmin
from workflows.admin.templates.overview import run_url
from workflows.admin.templates.step_page import CHANGE, step_url
from workflows.admin.templates.steps import MOST_STEPS, StepFormSet, rows_of, step_formset
from workflows.admin.templates.versions import MOST_DRAWN
from workflows.admin.ui.base import RefusableAdmin, actor, page_of
from workflows.admin.ui.display import list_url, moment
from workflows.authoring.checks import warnings_of
from workflows.authoring.sections import split_sections
from workflows.authoring.spec import TemplateSpec, parse_template
from workflows.authoring.store import create_template, replace_template, spec_of
from workflows.models import TemplateStep, TemplateVersion, WorkflowRun, WorkflowTemplate

TIMES = (moment("created_at"), moment("updated_at"))


MOST_BUILT = 2_000
"""A template with more steps is edited as a file, or step by step."""
MAY_NOT_RUN = (
    "starting runs needs the permission “Can add workflow run”, which members of the group "
    "Workflow operator have"
)
MOST_WARNINGS = 3
"""So many are shown after saving; the page of the template shows more."""


if TYPE_CHECKING:
    AnyInline = InlineModelAdmin[TemplateStep, WorkflowTemplate]
else:
    AnyInline = InlineModelAdmin


class StepInline(AnyInline):
    """The steps below the template; whoever may edit the template may edit them."""

    model = TemplateStep
    template = "workflows/workflowtemplate/steps.html"

    @property
    def media(self) -> forms.Media:
        """Return the script that helps with picking dependencies; the form works without it."""
        steps = Script("workflows/steps.js", type="module")
        return forms.Media(js=[steps])  # type: ignore[list-item]  # the stubs allow texts alone

    def get_formset(
        self, request: HttpRequest, obj: WorkflowTemplate | None = None, **kwargs: Any
    ) -> type[Any]:
        """Return the formset of the steps, whose rows are plain data: templates are saved whole."""
        return step_formset(blank=1 if obj else 3)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True: the permission for the template counts."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True: the permission for the template counts."""
        return True

    has_view_permission = has_delete_permission = has_change_permission


class WorkflowTemplateAdmin(CurlViews, RefusableAdmin, TemplateListAdmin):
    """Templates are checked and saved whole, by the same operation as in the API."""

    change_form_template = "workflows/workflowtemplate/change_form.html"
    change_list_template = "workflows/workflowtemplate/change_list.html"
    when_empty = (
        "There is no template yet. Add one here, or import a file, also by "
        "manage.py import_workflow FILE."
    )
    form = TemplateForm
    list_filter = ("updated_at",)
    readonly_fields = ("version", *TIMES)
    search_fields = ("name", "description")
    search_help_text = "Search by name or by words of the description."

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowTemplate]:
        """Count the steps of each template."""
        templates: QuerySet[WorkflowTemplate] = super().get_queryset(request)
        return templates.annotate(step_count=Count("steps"))

    def get_fieldsets(self, request: HttpRequest, obj: WorkflowTemplate | None = None) -> Any:
        """Collapse the fields that are seldom edited, and show the version there."""
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
        """Return True for users with the permission, unless there are too many steps to edit."""
        most = MOST_BUILT if is_built(request) else MOST_STEPS
        return super().has_change_permission(request, obj) and _step_count(obj) <= most

    def get_inlines(self, request: HttpRequest, obj: WorkflowTemplate | None) -> list[Any]:
        """Show the plain form of the steps to users who may change them; others see a list."""
        may_edit = obj is None or self.has_change_permission(request, obj)
        return [StepInline] if may_edit and not is_built(request) else []

    def get_formset_kwargs(
        self, request: HttpRequest, obj: WorkflowTemplate, inline: Any, prefix: str
    ) -> dict[str, Any]:
        """Fill the form with the stored steps."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method != "POST" and obj.pk:
            kwargs["initial"] = rows_of(_spec(obj).steps)
        return kwargs

    def save_model(self, *_: Any) -> None:
        """Save nothing yet: a template is saved with its steps."""

    def save_related(
        self, request: HttpRequest, form: TemplateForm, formsets: list[StepFormSet], change: bool
    ) -> None:
        """Save the template with its steps."""
        own = {name: form.cleaned_data[name] for name in TemplateForm.Meta.fields}
        content, sections = split_sections(own)
        spec = parse_template({**content, "steps": formsets[0].steps()})
        given: dict[str, Any] = {"sections": sections, "by": actor(request)}
        if change:
            began_with = form.cleaned_data["began_with"] or 0
            replace_template(form.instance.pk, spec, edited_version=began_with, **given)
        else:
            form.instance.pk = create_template(spec, **given).pk
        for text in warnings_of(spec)[:MOST_WARNINGS]:
            self.message_user(request, text, messages.WARNING)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        """Return no details: the version has them."""
        return [{"added": {}} if add else {"changed": {"fields": ["steps"]}}]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count the steps that are deleted too; naming each would take a statement each."""
        templates = list(objs)
        steps = TemplateStep.objects.filter(template__in=templates).count()
        versions = TemplateVersion.objects.filter(template__in=templates).count()
        counted = {self.opts.verbose_name_plural: len(templates)}
        counted |= {"steps": steps, "versions": versions}
        permitted = self.has_delete_permission(request)
        lacking = set() if permitted else {self.opts.verbose_name}
        return [f"{each}, version {each.version}" for each in templates], counted, lacking, []

    def name_of(self, row: WorkflowTemplate) -> str:
        """Return its name, which its runs keep."""
        return row.name

    def effects_of_deletion(self, rows: Any) -> list[str]:
        """Say what becomes of the runs."""
        if not WorkflowRun.objects.filter(template__in=rows).exists():
            return []
        return ["Runs that were made of it stay, with their tasks and logs; those under way go on."]

    def page_context(
        self, request: HttpRequest, template: WorkflowTemplate | None
    ) -> dict[str, Any]:
        """Return the links to the runs, and the builder or, without a form, a list of the steps."""
        links = _links_of(template, request) if template else {}
        may_edit = template is None or self.has_change_permission(request, template)
        if may_edit and is_built(request):
            spec = _spec(template) if template else None
            return {**links, "builder": builder_data(request, template, spec)}
        links["warnings"] = warnings_of(_spec(template)) if template else []
        if template and not may_edit:
            return {**links, **_list_of_steps(template, request)}
        return {**links, "plain": request.method == "GET"}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add whether the reader may import a file."""
        more = {"may_import": _may_import(request)}
        return super().changelist_view(request, {**(extra_context or {}), **more})


def is_built(request: HttpRequest) -> bool:
    """Return True for the page that is drawn in the browser; without JavaScript, it is `?plain`."""
    return request.method == "GET" and "plain" not in request.GET


def _spec(template: WorkflowTemplate) -> TemplateSpec:
    """Return the stored template as plain data, read once for a page."""
    if not hasattr(template, "read_spec"):
        template.read_spec = spec_of(template)  # type: ignore[attr-defined]
    return template.read_spec  # type: ignore[attr-defined,no-any-return]


def _step_count(template: WorkflowTemplate | None) -> int:
    return int(getattr(template, "step_count", 0))  # a new template has no count yet


def _links_of(template: WorkflowTemplate, request: HttpRequest) -> dict[str, Any]:
    is_large = _step_count(template) > MOST_STEPS
    may_run = request.user.has_perm("workflows.add_workflowrun")
    return {
        "run_url": run_url(template.pk) if may_run else None,
        "no_run": MAY_NOT_RUN if request.user.has_perm(CHANGE) and not may_run else "",
        "runs_url": list_url(WorkflowRun, template__id__exact=template.pk),
        "is_large": is_large,
        "step_total": _step_count(template),
        "may_edit": is_large and request.user.has_perm(CHANGE),
        "may_import": _may_import(request),
    }


def _list_of_steps(template: WorkflowTemplate, request: HttpRequest) -> dict[str, Any]:
    return {
        "steps": _page_of_steps(template, request),
        "drawing": template_graph(_spec(template)) if _step_count(template) <= MOST_DRAWN else None,
    }


def _may_import(request: HttpRequest) -> bool:
    return request.user.has_perm(ADD) and request.user.has_perm(CHANGE)


def _page_of_steps(template: WorkflowTemplate, request: HttpRequest) -> Page[TemplateStep]:
    steps = template.steps.select_related("runner").prefetch_related("upstream")
    if wanted := request.GET.get("step", "").strip():
        steps = steps.filter(Q(step_id__icontains=wanted) | Q(title__icontains=wanted))
    page = page_of(steps, request, size=50)
    for step in page:
        step.url = step_url(template.pk, step.step_id)
        step.payload_shown = json.dumps(step.payload, ensure_ascii=False)
    return page
