"""The form that starts a run: its fields come from the parameters schema of the template."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from workflows.admin.runs.launch_fields import OMITTED, parameter_fields, parameter_value
from workflows.admin.ui.base import RefusableAdmin, RefusableForm, actor, is_id
from workflows.admin.ui.display import page_url
from workflows.admin.ui.fields import JSONObjectFormField
from workflows.errors import Invalid
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.operations.start import start_run
from workflows.payloads.parameters import properties

PREFIX = "parameter-"
"""The prefix of the parameters' fields, so that they never clash with other fields."""
ONLY_CREATE = "_create"
"""The name of the button that creates a run which nobody dispatches by itself."""
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

    class Meta:
        model = WorkflowRun
        fields: tuple[str, ...] = ("template", "parameters")

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


def launch_form(template: WorkflowTemplate | None) -> type[LaunchForm]:
    """Return the form class that starts a run of a template."""
    if template is None:
        return LaunchForm
    chosen = forms.ModelChoiceField(WorkflowTemplate.objects.all(), widget=forms.HiddenInput)
    schema = template.parameters_schema
    if not properties(schema):
        return type("Launch", (LaunchForm,), {"template": chosen})
    fields = {PREFIX + name: field for name, field in parameter_fields(schema).items()}
    meta = type("Meta", (LaunchForm.Meta,), {"fields": ("template", *fields)})
    attributes = {"schema": schema, "template": chosen, "Meta": meta, **fields}
    return type("Launch", (SchemaLaunchForm,), attributes)


class LaunchAdmin(RefusableAdmin):
    """Starts runs: first the template is chosen, then its parameters are entered."""

    form: Any = LaunchForm
    add_form_template = "workflows/workflowrun/launch.html"

    def launch_form(self, request: HttpRequest) -> type[LaunchForm]:
        """Return the form class for the template that the request names."""
        if not hasattr(request, "launch_form"):
            request.launch_form = launch_form(_requested_template(request))  # type: ignore[attr-defined]
        found: type[LaunchForm] = request.launch_form  # type: ignore[attr-defined]
        return found

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
        template = _requested_template(request)
        if template is None and request.method == "GET" and self.has_add_permission(request):
            return self._choose(request)
        title = f"Run {template}" if template else "Run"
        context = {**(extra_context or {}), "template": template, "title": title}
        return super().add_view(request, form_url, context)

    def save_model(
        self, request: HttpRequest, obj: WorkflowRun, form: LaunchForm, change: bool
    ) -> None:
        """Start the run, or only create it, by the same operation as the API and the commands."""
        run = start_run(
            template_id=form.cleaned_data["template"].pk,
            parameters=form.parameters_given(),
            auto_dispatch=ONLY_CREATE not in request.POST,
            by=actor(request),
        )
        obj.pk = run.pk

    def response_post_save_add(
        self, request: HttpRequest, obj: WorkflowRun
    ) -> HttpResponseRedirect:
        """Redirect to the page of the new run."""
        if self.has_view_permission(request):
            return HttpResponseRedirect(page_url(WorkflowRun, obj.pk))
        return super().response_post_save_add(request, obj)

    def _choose(self, request: HttpRequest) -> HttpResponse:
        if request.GET.get("template"):
            self.message_user(request, "This template does not exist (any more).", messages.WARNING)
        context = {
            **self.admin_site.each_context(request),
            "title": "Run which template?",
            "opts": self.opts,
            "templates": WorkflowTemplate.objects.only("name", "description")[:MOST_TEMPLATES],
        }
        return TemplateResponse(request, "workflows/workflowrun/choose.html", context)


def _requested_template(request: HttpRequest) -> WorkflowTemplate | None:
    sent = request.POST if request.method == "POST" else request.GET
    pk = sent.get("template", "")
    return WorkflowTemplate.objects.filter(pk=int(pk)).first() if is_id(pk) else None
