"""A run is launched with a form that its template's schema makes."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from workflows.admin.runs.launch_fields import LEFT_OUT, given, parameter_fields
from workflows.admin.ui.base import RefusableAdmin, RefusableForm, actor, is_id
from workflows.admin.ui.display import page_url
from workflows.admin.ui.fields import JSONObjectFormField
from workflows.errors import Invalid
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.payloads.parameters import properties
from workflows.runs.creation import create_run

PREFIX = "parameter-"
"""Of the fields that the schema makes, so that none takes the name of another."""
MOST_OFFERED = 500
"""Templates to choose from; more are found in their list."""


class LaunchForm(RefusableForm):
    """A new run of a template that says nothing of its parameters."""

    template = forms.ModelChoiceField(
        WorkflowTemplate.objects.all(),
        help_text="Its steps are copied into the run: later edits of the template never touch it.",
    )
    parameters = JSONObjectFormField(
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80, "class": "json"}),
        help_text='An object such as {"day": "2026-01-31"}; '
        "the steps use it as {{ params.day }}. Empty: no parameters.",
    )

    class Meta:
        model = WorkflowRun
        fields: tuple[str, ...] = ("template", "parameters", "auto_dispatch")

    def given(self) -> dict[str, Any]:
        """Return the parameters of the run."""
        return dict(self.cleaned_data["parameters"])


class DescribedLaunchForm(LaunchForm):
    """A new run of a template that describes its parameters; each has a field."""

    schema: dict[str, Any] = {}
    parameters = None  # type: ignore[assignment]

    def given(self) -> dict[str, Any]:
        """Return the parameters of the run, as the fields say."""
        return {name: value for name, value in self._given() if value is not LEFT_OUT}

    def clean(self) -> dict[str, Any]:
        """Show what the domain refused at the parameter that it is about."""
        if isinstance(self.refusal, Invalid):
            texts = self.refusal.fields.pop("parameters", [])
            for text in texts:
                self.add_error(*self._located(text))
        return super().clean()

    def _given(self) -> Iterator[tuple[str, Any]]:
        for name, about in properties(self.schema).items():
            field = self.fields[PREFIX + name]
            yield name, given(field, about, self.cleaned_data[PREFIX + name])

    def _located(self, text: str) -> tuple[str | None, str]:
        known = sorted(properties(self.schema), key=len, reverse=True)
        name = next((name for name in known if text.startswith((f"{name}: ", f"{name}."))), None)
        return (PREFIX + name, text.removeprefix(f"{name}: ")) if name else (None, text)


def launch_form(template: WorkflowTemplate | None) -> type[LaunchForm]:
    """Return the form that a template is launched with."""
    if template is None:
        return LaunchForm
    chosen = forms.ModelChoiceField(WorkflowTemplate.objects.all(), widget=forms.HiddenInput)
    schema = template.parameters_schema
    if not properties(schema):
        return type("Launch", (LaunchForm,), {"template": chosen})
    made = {PREFIX + name: field for name, field in parameter_fields(schema).items()}
    meta = type("Meta", (LaunchForm.Meta,), {"fields": ("template", *made, "auto_dispatch")})
    own = {"schema": schema, "template": chosen, "Meta": meta, **made}
    return type("Launch", (DescribedLaunchForm,), own)


class LaunchAdmin(RefusableAdmin):
    """Runs are made here: first the template is chosen, then its parameters are asked for."""

    form: Any = LaunchForm
    add_form_template = "workflows/workflowrun/launch.html"

    def launch_form(self, request: HttpRequest) -> type[LaunchForm]:
        """Return the form of the template that a request names."""
        if not hasattr(request, "launch_form"):
            request.launch_form = launch_form(_template(request))  # type: ignore[attr-defined]
        found: type[LaunchForm] = request.launch_form  # type: ignore[attr-defined]
        return found

    def launch_fieldsets(self, request: HttpRequest) -> Any:
        """Ask for what the template takes."""
        return [(None, {"fields": self.launch_form(request).Meta.fields})]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form of the template that is to be run."""
        if obj is None:
            kwargs["form"] = self.launch_form(request)
        return super().get_form(request, obj, change=change, **kwargs)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask which template to run, unless that is known."""
        template = _template(request)
        if template is None and request.method == "GET" and self.has_add_permission(request):
            return self._choose(request)
        title = f"Run {template}" if template else "Run"
        context = {**(extra_context or {}), "template": template, "title": title}
        return super().add_view(request, form_url, context)

    def save_model(
        self, request: HttpRequest, obj: WorkflowRun, form: LaunchForm, change: bool
    ) -> None:
        """Create the run, by the same operation as every other door."""
        run = create_run(
            template_id=form.cleaned_data["template"].pk,
            parameters=form.given(),
            auto_dispatch=form.cleaned_data["auto_dispatch"],
            by=actor(request),
        )
        obj.pk = run.pk

    def response_post_save_add(
        self, request: HttpRequest, obj: WorkflowRun
    ) -> HttpResponseRedirect:
        """Go on with the page of the new run."""
        if self.has_view_permission(request):
            return HttpResponseRedirect(page_url(WorkflowRun, obj.pk))
        return super().response_post_save_add(request, obj)

    def _choose(self, request: HttpRequest) -> HttpResponse:
        if request.GET.get("template"):
            self.message_user(request, "There is no such template (any more).", messages.WARNING)
        context = {
            **self.admin_site.each_context(request),
            "title": "Run which template?",
            "opts": self.opts,
            "templates": WorkflowTemplate.objects.only("name", "description")[:MOST_OFFERED],
        }
        return TemplateResponse(request, "workflows/workflowrun/choose.html", context)


def _template(request: HttpRequest) -> WorkflowTemplate | None:
    named = (request.POST if request.method == "POST" else request.GET).get("template", "")
    return WorkflowTemplate.objects.filter(pk=int(named)).first() if is_id(named) else None
