"""What the builder on a template's page needs besides the API: its data, and files in and out."""

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
from runners.models import Runner
from workflows.admin.templates.step_page import CHANGE, StepViews
from workflows.admin.templates.steps import functions_offered
from workflows.admin.ui.base import actor, is_id
from workflows.admin.ui.display import page_url
from workflows.authoring.diff import difference
from workflows.authoring.files import as_yaml, import_content, read_content
from workflows.authoring.spec import parse_template, plain
from workflows.authoring.store import spec_of
from workflows.authoring.versions import version_of
from workflows.errors import WorkflowError
from workflows.models import WorkflowTemplate

ADD = "workflows.add_workflowtemplate"


class FileForm(forms.Form):
    """A file that holds a template."""

    file = forms.FileField(help_text="YAML, or JSON whose name ends in .json; also WfFormat 1.5.")
    commands = forms.BooleanField(
        label="Execute what was recorded",
        required=False,
        help_text="Of a file in WfFormat; without it, its steps do nothing.",
    )


class BuilderViews(StepViews):
    """Files in and out, and the data that the builder begins with."""

    def get_urls(self) -> list[URLPattern]:
        """Add the ways of files."""
        view = self.admin_site.admin_view
        names = "workflows_workflowtemplate_{}".format
        export = "<int:template_id>/export/"
        return [
            path("import/", view(self.import_view), name=names("import")),
            path("read-file/", view(require_POST(self.read_view)), name=names("read")),
            path(export, view(self.export_view), name=names("export")),
            *super().get_urls(),
        ]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Store the template of a file: a new one, or a new version of the one of that name."""
        if not (request.user.has_perm(ADD) and request.user.has_perm(CHANGE)):
            raise PermissionDenied
        is_sent = request.method == "POST"
        form = FileForm(request.POST if is_sent else None, request.FILES if is_sent else None)
        if form.is_valid():
            file, commands = form.cleaned_data["file"], form.cleaned_data["commands"]
            try:
                found = import_content(file.name, file.read(), commands=commands, by=actor(request))
            except WorkflowError as refusal:
                form.add_error("file", refusal.detail.splitlines())
            else:
                text = f"“{found.template}” is {found.change}: version {found.template.version}."
                self.message_user(request, text, messages.SUCCESS)
                return HttpResponseRedirect(page_url(WorkflowTemplate, found.template.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": "Import a template",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "workflows/workflowtemplate/import.html", context)

    def read_view(self, request: HttpRequest) -> HttpResponse:
        """Answer with the template that a file holds, as plain data; nothing is stored."""
        if not (request.user.has_perm(ADD) or request.user.has_perm(CHANGE)):
            raise PermissionDenied
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return JsonResponse(form.errors, status=400)
        file, commands = form.cleaned_data["file"], form.cleaned_data["commands"]
        try:
            spec = read_content(file.name, file.read(), commands=commands)
        except WorkflowError as refusal:
            return JsonResponse({"file": refusal.detail.splitlines()}, status=400)
        return JsonResponse(plain(spec))

    def export_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """Answer with the template as a file; `?version=` for an earlier one."""
        template = self._template(request, template_id)
        named = request.GET.get("version", "")
        number = int(named) if is_id(named) else template.version
        try:
            content = as_yaml(parse_template(version_of(template_id, number).content))
        except WorkflowError as refusal:
            return HttpResponse(refusal.detail, status=404, content_type="text/plain")
        name = slugify(template.name) or f"template-{template_id}"
        disposition = f'attachment; filename="{name}.yaml"'
        headers = {"Content-Disposition": disposition}
        return HttpResponse(content, content_type="application/yaml", headers=headers)


def builder_data(template: WorkflowTemplate | None) -> dict[str, Any]:
    """Return what the builder begins with: a template, or none yet."""
    runners = Runner.objects.values("name", "kind", "is_default", "is_enabled")
    functions, problem = functions_offered()
    found: dict[str, Any] = {
        "template": {"name": "", "steps": []},
        "version": None,
        "store": reverse("workflowtemplate-list"),
        "read": reverse("admin:workflows_workflowtemplate_read"),
        "runners": list(runners),
        "functions": functions,
        "functions_problem": problem,
        "longest_timeout": LONGEST_TIMEOUT_S,
    }
    if template is not None:
        found["template"] = plain(spec_of(template))
        found["version"] = template.version
        found["store"] = reverse("workflowtemplate-detail", args=[template.pk])
        found["versions"] = reverse(
            "admin:workflows_workflowtemplate_version", args=[template.pk, 0]
        )
    found["change"] = reverse("admin:workflows_workflowtemplate_change", args=[0])
    return found


def graph_of(template: WorkflowTemplate) -> dict[str, Any]:
    """Return a template as it is drawn where nobody edits it."""
    return difference(None, plain(spec_of(template))).as_graph()
