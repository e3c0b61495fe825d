"""The builder of a template: the data that it starts with, and import and export of files."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from runners.base import LONGEST_TIMEOUT_S
from runners.forms import TextBoundField
from runners.models import Runner
from workflows.admin.templates.step_page import CHANGE, StepViews
from workflows.admin.templates.steps import functions_offered
from workflows.admin.ui.base import actor, is_id
from workflows.admin.ui.display import page_url
from workflows.authoring.diff import difference
from workflows.authoring.files import as_yaml, export_template, import_content, read_content
from workflows.authoring.sections import with_sections
from workflows.authoring.spec import TemplateSpec, plain, stored_template
from workflows.authoring.store import spec_of
from workflows.authoring.versions import version_of
from workflows.errors import WorkflowError
from workflows.models import WorkflowTemplate

ADD = "workflows.add_workflowtemplate"


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


class BuilderViews(StepViews):
    """The views that import, read and export files."""

    def get_urls(self) -> list[URLPattern]:
        """Add the URLs of import, reading and export."""
        view, name = self.admin_site.admin_view, "workflows_workflowtemplate_{}".format
        export = "<int:template_id>/export/"
        return [
            path("import/", view(self.import_view), name=name("import")),
            path("read-file/", view(require_POST(self.read_view)), name=name("read")),
            path(export, view(self.export_view), name=name("export")),
            *super().get_urls(),
        ]

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


def builder_data(template: WorkflowTemplate | None, spec: TemplateSpec | None) -> dict[str, Any]:
    """Return the data that the builder starts with; None: for a new template."""
    runners = Runner.objects.values("name", "kind", "is_default", "is_enabled")
    functions, problem = functions_offered()
    data: dict[str, Any] = {
        "template": {"name": "", "steps": []},
        "version": None,
        "store": reverse("workflowtemplate-list"),
        "read": reverse("admin:workflows_workflowtemplate_read"),
        "runners": list(runners),
        "functions": functions,
        "functions_problem": problem,
        "longest_timeout": LONGEST_TIMEOUT_S,
    }
    if template is not None and spec is not None:
        data["template"] = with_sections(template, spec)
        data["version"] = template.version
        data["store"] = reverse("workflowtemplate-detail", args=[template.pk])
        data["versions"] = reverse(
            "admin:workflows_workflowtemplate_version", args=[template.pk, 0]
        )
    data["change"] = reverse("admin:workflows_workflowtemplate_change", args=[0])
    return data


def template_graph(template: WorkflowTemplate) -> dict[str, Any]:
    """Return the graph of a template, for a read-only drawing."""
    return difference(None, plain(spec_of(template))).as_graph()
