"""The form that starts a run: its fields come from the parameters schema of the template."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString, mark_safe

from workflows.admin.actions.forms import read_labels
from workflows.admin.curl.command import curl
from workflows.admin.curl.launching import AS_CURL, AsCurl, launch_call
from workflows.admin.curl.views import CurlViews
from workflows.admin.runs.again import Repeated, requested_again
from workflows.admin.runs.launch_fields import OMITTED, parameter_fields, parameter_value
from workflows.admin.templates.latest import latest_of
from workflows.admin.ui.base import RefusableAdmin, RefusableForm, actor, is_id
from workflows.admin.ui.display import EMPTY, link, page_url
from workflows.admin.ui.fields import JSONObjectFormField
from workflows.api.paths import api_url
from workflows.errors import Invalid
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.operations.start import start_run
from workflows.operations.warnings import runner_warnings
from workflows.payloads.parameters import properties
from workflows.sites import admin_url

PREFIX = "parameter-"
"""The prefix of the parameters' fields, so that they never clash with other fields."""
ONLY_CREATE = "_create"
"""The name of the button that creates a run which nobody dispatches by itself."""
AGAIN = mark_safe(
    '<span class="icon icon-retry" aria-hidden="true"></span>'
    '<span class="visually-hidden">Run again…</span>'
)
KEPT = "Empty: as in the earlier run."
MOST_TEMPLATES = 500
"""How many templates can be chosen from; further ones are run from their own pages."""


class LaunchForm(RefusableForm):
    """A new run of a template without a parameters schema."""

    template = forms.ModelChoiceField(
        WorkflowTemplate.objects.all(),
        help_text="The run gets a copy of its steps; later edits of the template do not change it.",
    )
    parameters = JSONObjectFormField(
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80, "class": "json"}),
        help_text='A JSON object such as {"day": "2026-01-31"}; '
        "steps use it as {{ params.day }}. Leave empty for no parameters.",
    )

    labels = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 80}),
        help_text="By which the run is found again, one per line, as in team=data. Those of the "
        "template need not be given.",
    )

    class Meta:
        model = WorkflowRun
        fields: tuple[str, ...] = ("template", "parameters", "labels")

    def clean_labels(self) -> dict[str, str]:
        """Return the labels by key."""
        return read_labels(self.cleaned_data["labels"])

    def parameters_given(self) -> dict[str, Any]:
        """Return the parameters of the run."""
        return dict(self.cleaned_data["parameters"])


class SchemaLaunchForm(LaunchForm):
    """A new run of a template with a parameters schema: each parameter has a field."""

    schema: dict[str, Any] = {}
    parameters = None  # type: ignore[assignment]

    def parameters_given(self) -> dict[str, Any]:
        """Return the parameters of the run, without those that were left empty."""
        return {name: value for name, value in self._values() if value is not OMITTED}

    def clean(self) -> dict[str, Any]:
        """Show each refusal at the field of the parameter that it names."""
        if isinstance(self.refusal, Invalid):
            texts = self.refusal.fields.pop("parameters", [])
            for text in texts:
                self.add_error(*self._field_and_text(text))
        return super().clean()

    def _values(self) -> Iterator[tuple[str, Any]]:
        for name, schema in properties(self.schema).items():
            field = self.fields[PREFIX + name]
            yield name, parameter_value(field, schema, self.cleaned_data[PREFIX + name])

    def _field_and_text(self, text: str) -> tuple[str | None, str]:
        known = sorted(properties(self.schema), key=len, reverse=True)
        name = next((name for name in known if text.startswith((f"{name}: ", f"{name}."))), None)
        return (PREFIX + name, text.removeprefix(f"{name}: ")) if name else (None, text)


def launch_form(
    template: WorkflowTemplate | None, repeated: Repeated | None = None
) -> type[LaunchForm]:
    """Return the form class that starts a run of a template, or one that repeats a run of it."""
    if template is None:
        return LaunchForm
    chosen = forms.ModelChoiceField(WorkflowTemplate.objects.all(), widget=forms.HiddenInput)
    schema = repeated.schema if repeated else template.parameters_schema
    if not properties(schema):
        return type("Launch", (LaunchForm,), {"template": chosen})
    fields = {PREFIX + name: field for name, field in parameter_fields(schema).items()}
    for name in repeated.known_secrets if repeated else ():
        field = fields[PREFIX + name]
        field.required, field.help_text = False, f"{field.help_text} {KEPT}".strip()
    meta = type("Meta", (LaunchForm.Meta,), {"fields": ("template", *fields, "labels")})
    attributes = {"schema": schema, "template": chosen, "Meta": meta, **fields}
    return type("Launch", (SchemaLaunchForm,), attributes)


class LaunchAdmin(CurlViews, RefusableAdmin):
    """Starts runs: first the template is chosen, then its parameters are entered."""

    form: Any = LaunchForm
    add_form_template = "workflows/workflowrun/launch.html"

    def launch_form(self, request: HttpRequest) -> type[LaunchForm]:
        """Return the form class for the template that the request names."""
        if not hasattr(request, "launch_form"):
            request.launch_form = launch_form(  # type: ignore[attr-defined]
                self._template(request), self.repeated(request)
            )
        found: type[LaunchForm] = request.launch_form  # type: ignore[attr-defined]
        return found

    def repeated(self, request: HttpRequest) -> Repeated | None:
        """Return the run that the address asks to repeat; its reader sees its parameters."""
        return requested_again(request) if self.has_view_permission(request) else None

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fill the form with the parameters of the run that is repeated."""
        if (repeated := self.repeated(request)) is None:
            return super().get_changeform_initial_data(request)
        given = repeated.parameters
        values = {PREFIX + name: value for name, value in given.items()}
        return {**values, "parameters": given, "template": repeated.run.template_id}

    def get_list_display(self, request: HttpRequest) -> Any:
        """Offer to run each run again to users who may start runs."""
        columns = super().get_list_display(request)
        return [*columns, "again_link"] if self.has_add_permission(request) else columns

    @admin.display(description="")
    def again_link(self, run: WorkflowRun) -> str | SafeString:
        """Return a link to the form that repeats a run."""
        if run.template_id is None or not run.expands_template:
            return EMPTY
        return link(f"{admin_url('workflows_workflowrun_add')}?again_of={run.pk}", AGAIN)

    def launch_fieldsets(self, request: HttpRequest) -> Any:
        """Return the fields of the launch form."""
        return [(None, {"fields": self.launch_form(request).Meta.fields})]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the launch form for a new run."""
        if obj is None:
            kwargs["form"] = self.launch_form(request)
        return super().get_form(request, obj, change=change, **kwargs)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask which template to run, unless the request names one."""
        template, repeated = self._template(request), self.repeated(request)
        if repeated and repeated.is_outdated and not repeated.version:
            return self._choose_version(request, repeated)
        if template is None and request.method == "GET" and self.has_add_permission(request):
            return self._choose(request)
        title = f"Run {template}" if template else "Run"
        title = f"{title} again, as run {repeated.run.pk}" if repeated else title
        context = {**(extra_context or {}), "template": template, "title": title}
        context["has_api"] = bool(api_url("workflowrun-list"))
        try:
            return super().add_view(request, form_url, context)
        except AsCurl as wanted:
            commands = [(title, curl(request, wanted.call))]
            return self.commands_page(
                request, f"{title} as curl", commands, request.get_full_path()
            )

    def launch_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the person should know before the run is started."""
        template, repeated = self._template(request), self.repeated(request)
        if repeated:
            return {"warnings": repeated.warnings}
        return {"warnings": runner_warnings(template.steps.all()) if template else []}

    def save_model(
        self, request: HttpRequest, obj: WorkflowRun, form: LaunchForm, change: bool
    ) -> None:
        """Start the run, or only create it, by the same operation as the API and the commands."""
        repeated, labels = self.repeated(request), form.cleaned_data["labels"]
        template = form.cleaned_data["template"]
        parameters = {**(repeated.unnamed if repeated else {}), **form.parameters_given()}
        if AS_CURL in request.POST:
            raise AsCurl(launch_call(template, repeated, parameters, labels))
        run = start_run(
            template_id=None if repeated else template.pk,
            again=repeated.again if repeated else None,
            parameters=parameters,
            labels=labels,
            auto_dispatch=ONLY_CREATE not in request.POST,
            by=actor(request),
            in_background=True,
        )
        obj.pk = run.pk

    def response_post_save_add(
        self, request: HttpRequest, obj: WorkflowRun
    ) -> HttpResponseRedirect:
        """Redirect to the page of the new run."""
        if self.has_view_permission(request):
            return HttpResponseRedirect(page_url(WorkflowRun, obj.pk))
        return super().response_post_save_add(request, obj)

    def _template(self, request: HttpRequest) -> WorkflowTemplate | None:
        repeated = self.repeated(request)
        return repeated.run.template if repeated else _requested_template(request)

    def _choose_version(self, request: HttpRequest, repeated: Repeated) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Run {repeated.run.template} again with which version?",
            "opts": self.opts,
            "run": repeated.run,
        }
        return TemplateResponse(request, "workflows/workflowrun/which_version.html", context)

    def _choose(self, request: HttpRequest) -> HttpResponse:
        if request.GET.get("template"):
            self.message_user(request, "This template does not exist (any more).", messages.WARNING)
        if request.GET.get("again_of"):
            text = "This run cannot be repeated: its template is gone, or it had none."
            self.message_user(request, text, messages.WARNING)
        templates = list(WorkflowTemplate.objects.only("name", "description")[:MOST_TEMPLATES])
        sees_runs = self.has_view_permission(request)
        latest = latest_of([each.pk for each in templates]) if sees_runs else {}
        context = {
            **self.admin_site.each_context(request),
            "title": "Run which template?",
            "opts": self.opts,
            "rows": [(template, latest.get(template.pk)) for template in templates],
        }
        return TemplateResponse(request, "workflows/workflowrun/choose.html", context)


def _requested_template(request: HttpRequest) -> WorkflowTemplate | None:
    sent = request.POST if request.method == "POST" else request.GET
    pk = sent.get("template", "")
    return WorkflowTemplate.objects.filter(pk=int(pk)).first() if is_id(pk) else None
