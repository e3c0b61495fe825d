"""The versions of a template: their list, the difference of two, and restoring one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from workflows.admin.ui.base import actor, is_id, page_of
from workflows.admin.ui.display import list_url, page_url
from workflows.admin.ui.lists import AnyAdmin
from workflows.authoring.diff import Difference, difference
from workflows.authoring.spec import plain
from workflows.authoring.store import spec_of
from workflows.authoring.versions import restore_version, runs_by_version, version_of
from workflows.errors import NotFound, WorkflowError
from workflows.models import TemplateVersion, WorkflowRun, WorkflowTemplate
from workflows.sites import admin_url

MOST_DRAWN = 3_000
"""A graph of more steps is not drawn; it would be unreadable."""
MOST_COMPARED = 100
"""How many changed steps are shown as text."""
MOST_OFFERED = 200
"""How many versions can be chosen to compare with."""


def version_url(template_id: int, number: int, page: str = "version") -> str:
    """Return the URL of a page of a version."""
    return admin_url(f"workflows_workflowtemplate_{page}", template_id, number)


class VersionViews(AnyAdmin):
    """The pages about the versions of a template."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of a version."""
        place = "<int:template_id>/versions/<int:number>/"
        return [
            path(place, self.admin_site.admin_view(self.version_view), name=_url_name("version")),
            path(
                f"{place}restore/",
                self.admin_site.admin_view(self.restore_view),
                name=_url_name("restore"),
            ),
            *super().get_urls(),
        ]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List the versions."""
        template = self._template(request, int(object_id) if is_id(object_id) else 0)
        page = page_of(template.versions.defer("content").order_by("-number"), request, size=50)
        runs = runs_by_version(page)
        context = {
            "title": f"Versions of {template}",
            "page": page,
            "versions": [(version, runs[version.number], _runs_url(version)) for version in page],
            "may_restore": self.has_restore_permission(request),
        }
        return self._page(request, "versions.html", template, context)

    def version_view(self, request: HttpRequest, template_id: int, number: int) -> HttpResponse:
        """Compare a version with `?against=`, or else with the version before it."""
        template = self._template(request, template_id)
        try:
            version = version_of(template_id, number)
        except NotFound as missing:
            return self._to_history(request, template, number, missing)
        other = _compared_version(version, request.GET.get("against", ""))
        offered = template.versions.exclude(number=number).order_by("-number")
        context = {
            "title": f"Version {number} of {template}",
            "version": version,
            "other": other,
            "offered": offered.values_list("number", "saved_by", "saved_at")[:MOST_OFFERED],
            "runs": runs_by_version([version])[number],
            "runs_url": _runs_url(version),
            "may_restore": number != template.version and self.has_restore_permission(request),
            **_difference_context(difference(other.content if other else None, version.content)),
        }
        return self._page(request, "version.html", template, context)

    def restore_view(self, request: HttpRequest, template_id: int, number: int) -> HttpResponse:
        """Ask for confirmation, and restore the version on POST."""
        template = self._template(request, template_id)
        if not self.has_restore_permission(request):
            raise PermissionDenied
        version = _version_or_404(template_id, number)
        if request.method == "POST":
            return self._restore(request, template, number)
        latest = plain(spec_of(template))
        context = {
            "title": f"Restore version {number} of {template}?",
            "version": version,
            "other": template,
            **_difference_context(difference(latest, version.content)),
        }
        return self._page(request, "restore.html", template, context)

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """Return True for users who may change templates, however large these are."""
        return bool(request.user.has_perm("workflows.change_workflowtemplate"))

    def _to_history(
        self, request: HttpRequest, template: WorkflowTemplate, number: int, missing: NotFound
    ) -> HttpResponse:
        if not 0 < number < template.version:
            raise Http404(missing.detail)
        text = f"Version {number} was not kept: it is older than the history of versions."
        self.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(admin_url("workflows_workflowtemplate_history", template.pk))

    def _restore(
        self, request: HttpRequest, template: WorkflowTemplate, number: int
    ) -> HttpResponse:
        try:
            restored = restore_version(template.pk, number, by=actor(request))
        except WorkflowError as refusal:
            text = f"Version {number} cannot be restored: {refusal.detail}"
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(version_url(template.pk, number))
        text = f"Version {number} is restored as version {restored.version}."
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(page_url(WorkflowTemplate, template.pk))

    def _template(self, request: HttpRequest, template_id: int) -> WorkflowTemplate:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found: WorkflowTemplate | None = WorkflowTemplate.objects.filter(pk=template_id).first()
        if found is None:
            raise Http404(f"workflow template {template_id}")
        return found

    def _page(
        self, request: HttpRequest, name: str, template: WorkflowTemplate, context: dict[str, Any]
    ) -> HttpResponse:
        surroundings = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "template": template,
        }
        place = f"workflows/workflowtemplate/{name}"
        return TemplateResponse(request, place, {**surroundings, **context})


def _url_name(page: str) -> str:
    return f"workflows_workflowtemplate_{page}"


def _version_or_404(template_id: int, number: int) -> TemplateVersion:
    try:
        return version_of(template_id, number)
    except NotFound as exc:
        raise Http404(exc.detail) from exc


def _compared_version(version: TemplateVersion, against: str) -> TemplateVersion | None:
    if is_id(against):
        return _version_or_404(version.template_id, int(against))
    earlier = TemplateVersion.objects.filter(template=version.template_id)
    return earlier.filter(number__lt=version.number).order_by("-number").first()


def _runs_url(version: TemplateVersion) -> str:
    chosen = {"template__id__exact": version.template_id, "template_version": version.number}
    return list_url(WorkflowRun, **chosen)


def _difference_context(found: Difference) -> dict[str, Any]:
    changed = found.changed_steps
    counts = {sign: sum(step.change == sign for step in changed) for sign in SIGNS}
    return {
        "difference": found,
        "changed": changed[:MOST_COMPARED],
        "left_out": max(0, len(changed) - MOST_COMPARED),
        "counts": [(sign, number) for sign, number in counts.items() if number],
        "drawing": found.as_graph() if len(found.steps) <= MOST_DRAWN else None,
    }


SIGNS = ("added", "removed", "changed")
