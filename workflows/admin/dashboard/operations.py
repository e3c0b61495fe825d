"""The dashboard as a page of our section, for admin sites that have an index of their own."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from workflows.admin.dashboard.page import dashboard
from workflows.admin.palette import palette_view
from workflows.admin.polled import attention_view, session_view
from workflows.admin.ui.base import ReadOnlyAdmin
from workflows.sites import admin_url

SHOWN = (
    "workflows.view_workflowrun",
    "workflows.view_approval",
    "workflows.view_taskattempt",
    "workflows.add_workflowrun",
    "workflows.add_workflowtemplate",
    "runners.view_runner",
)
"""Whoever has one of these permissions finds something on the dashboard."""


class OperationsAdmin(ReadOnlyAdmin):
    """The dashboard in place of a list; it has no permission of its own."""

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the dashboard, and of what open pages ask; there are no rows."""
        view = self.admin_site.admin_view
        name = "workflows_operations_{}".format
        return [
            path("", view(self.changelist_view), name=name("changelist")),
            path("attention/", view(attention_view), name=name("attention")),
            path("palette/", view(palette_view), name=name("palette")),
            path("session/", view(session_view), name=name("session")),
            path("<path:object_id>/change/", view(self.change_view), name=name("change")),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for people who see something on the dashboard."""
        return any(map(request.user.has_perm, SHOWN))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return True for people who see something on the dashboard."""
        return self.has_view_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the dashboard; 403 for people to whom it would say that nothing needs them."""
        if not self.has_view_permission(request):
            raise PermissionDenied("This needs a permission to view runs, tasks or runners.")
        context = {
            **self.admin_site.each_context(request),
            "title": "Operations",
            "opts": self.opts,
            **dashboard(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "workflows/dashboard/index.html", context)

    def change_view(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        """Lead to the dashboard: it has no rows."""
        return HttpResponseRedirect(admin_url("workflows_operations_changelist"))
