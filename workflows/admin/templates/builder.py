"""The builder of a template: the data that it starts with, and import and export of files."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from runners.base import LONGEST_TIMEOUT_S
from runners.django_tasks import loaded_tasks
from runners.forms import TextBoundField
from runners.models import Runner
from workflows.admin.templates.drafts import ADD, SEE_RUNS
from workflows.admin.templates.step_page import CHANGE
from workflows.admin.templates.steps import functions_offered
from workflows.admin.templates.trials import TrialViews, trial_data
from workflows.admin.ui.api_views import for_pages
from workflows.admin.ui.base import actor, is_id
from workflows.admin.ui.display import page_url
from workflows.authoring.diff import SAME
from workflows.authoring.files import as_yaml, export_template, import_content, read_content
from workflows.authoring.sections import with_sections
from workflows.authoring.spec import TemplateSpec, stored_template
from workflows.authoring.versions import version_of
from workflows.errors import WorkflowError
from workflows.models import WorkflowTemplate
from workflows.sites import admin_url

SHELL = ["bash", "-euo", "pipefail", "-c"]
"""A command that begins so is a script."""
READ_OR_REPLACE = {"get": "retrieve", "put": "update"}


class FileForm(forms.Form):
    """A file with a template."""

    bound_field_class = TextBoundField
    file = forms.FileField(
        help_text="A YAML file, a JSON file with a name that ends in .json, or a WfFormat 1.5 file."
    )
    commands = forms.BooleanField(
        label="Run the recorded commands",
        required=False,
        help_text="Applies to WfFormat files only. Unless ticked, their steps do nothing.",
    )


class BuilderViews(TrialViews):
    """The views that import, read and export files."""

    def get_urls(self) -> list[URLPattern]:
        """Add the URLs of import, reading and export."""
        view, name = self.admin_site.admin_view, "workflows_workflowtemplate_{}".format
        export = "<int:template_id>/export/"
        return [
            path("import/", view(self.import_view), name=name("import")),
            path("read-file/", view(require_POST(self.read_view)), name=name("read")),
            path(export, view(self.export_view), name=name("export")),
            path("store/", self._stored({"post": "create"}), name=name("create")),
            path("<int:pk>/store/", self._stored(READ_OR_REPLACE), name=name("store")),
            *super().get_urls(),
        ]

    def _stored(self, actions: dict[str, str]) -> Any:
        # Only now: the bodies that the API describes are complete once all apps are ready.
        from workflows.api.views.templates import WorkflowTemplateViewSet

        return for_pages(self.admin_site, WorkflowTemplateViewSet, actions)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Store the template of a file: as a new one, or as a new version of the one so named."""
        if not (request.user.has_perm(ADD) and request.user.has_perm(CHANGE)):
            raise PermissionDenied
        form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
        if form.is_valid() and (redirect := self._import(request, form)):
            return redirect
        context = {
            **self.admin_site.each_context(request),
            "title": "Import a template",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "workflows/workflowtemplate/import.html", context)

    def read_view(self, request: HttpRequest) -> HttpResponse:
        """Return the template of a file as JSON; nothing is stored."""
        if not (request.user.has_perm(ADD) or request.user.has_perm(CHANGE)):
            raise PermissionDenied
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return JsonResponse(form.errors, status=400)
        file, commands = form.cleaned_data["file"], form.cleaned_data["commands"]
        try:
            content = read_content(file.name, file.read(), commands=commands)
        except WorkflowError as refusal:
            return JsonResponse({"file": refusal.detail.splitlines()}, status=400)
        return JsonResponse(content)

    def export_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """Return the template as a file; `?version=` for an earlier version."""
        template = self._template(request, template_id)
        version = request.GET.get("version", "")
        number = int(version) if is_id(version) else template.version
        try:
            content = _file_of(template, number)
        except WorkflowError as refusal:
            return HttpResponse(refusal.detail, status=404, content_type="text/plain")
        name = slugify(template.name) or f"template-{template_id}"
        disposition = f'attachment; filename="{name}.yaml"'
        headers = {"Content-Disposition": disposition}
        return HttpResponse(content, content_type="application/yaml", headers=headers)

    def _import(self, request: HttpRequest, form: FileForm) -> HttpResponse | None:
        """Store the template and redirect to it; None if the file was refused."""
        file, commands = form.cleaned_data["file"], form.cleaned_data["commands"]
        try:
            found = import_content(file.name, file.read(), commands=commands, by=actor(request))
        except WorkflowError as refusal:
            form.add_error("file", refusal.detail.splitlines())
            return None
        text = f"“{found.template}” is {found.change}: version {found.template.version}."
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(page_url(WorkflowTemplate, found.template.pk))


def _file_of(template: WorkflowTemplate, number: int) -> str:
    """Return a version as a file; the latest one with the sections that no version keeps."""
    if number == template.version:
        return export_template(f"#{template.pk}")
    return as_yaml(stored_template(version_of(template.pk, number).content))


def builder_data(
    request: HttpRequest, template: WorkflowTemplate | None, spec: TemplateSpec | None
) -> dict[str, Any]:
    """Return the data that the builder starts with; None: for a new template."""
    functions, problem = functions_offered()
    data: dict[str, Any] = {
        "template": {"name": "", "steps": []},
        "version": None,
        "draft": f"workflows-draft-{request.user.pk}-{template.pk if template else 'new'}",
        "runners": list(Runner.objects.values("name", "kind", "is_default", "is_enabled")),
        "functions": functions,
        "functions_problem": problem,
        "tasks": loaded_tasks(),
        "longest_timeout": LONGEST_TIMEOUT_S,
        **{name: _address(name) for name in ("read", "check", "form")},
        **trial_data(request, template.pk if template else None),
        "change": _address("change", 0),
        "store": _address("store", template.pk) if template else _address("create"),
    }
    if template is not None and spec is not None:
        data["template"] = with_sections(template, spec)
        data["version"] = template.version
        data["versions"] = _address("version", template.pk, 0)
        data["lately"] = _address("lately", template.pk) if _may_see_runs(request) else None
    return data


def _address(page: str, *args: object) -> str:
    return admin_url(f"workflows_workflowtemplate_{page}", *args)


def _may_see_runs(request: HttpRequest) -> bool:
    return request.user.has_perms(SEE_RUNS)


def template_graph(spec: TemplateSpec) -> dict[str, Any]:
    """Return the graph of a template, for a read-only drawing; nothing in it has changed."""
    return {
        "steps": [
            {
                "step_id": step.step_id,
                "title": step.title,
                "change": SAME,
                "fields": [],
                "work": "approval" if step.requires_approval else _work_of(step.payload),
            }
            for step in spec.steps
        ],
        "edges": [
            {"upstream": name, "downstream": step.step_id, "change": SAME}
            for step in spec.steps
            for name in step.depends_on
        ],
    }


def _work_of(payload: dict[str, Any]) -> str:
    """Return what a step does, by the name of its icon; the builder has the same in work.js."""
    match payload:
        case {"command": [*shell, _]} if shell == SHELL:
            return "script"
        case {"command": _}:
            return "command"
        case {"python": _}:
            return "function"
        case {"task": str()}:
            return "task"
    return "json" if payload else "none"
