"""Pages with the commands: of a row, and of a list with its filters."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from workflows.admin.curl.command import curl
from workflows.admin.curl.lists import call_of_list
from workflows.admin.curl.rows import calls_about
from workflows.admin.ui.base import StyledAdmin, actor
from workflows.admin.ui.display import page_url
from workflows.sites import known_admin_url, url_prefix


class CurlViews(StyledAdmin):
    """Rows and lists that the API has, too."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages with the commands."""
        view, name = self.admin_site.admin_view, url_prefix(self.model)
        return [
            path("curl/", view(self.list_curl_view), name=f"{name}_list_curl"),
            path("<int:pk>/curl/", view(self.curl_view), name=f"{name}_curl"),
            *super().get_urls(),
        ]

    def curl_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what the API can do with a row now."""
        row = self.get_object(request, str(pk))
        if not self.has_view_permission(request, row):
            raise PermissionDenied(f"This needs the permission to view {self.opts.verbose_name}s.")
        if row is None:
            raise Http404
        calls = calls_about(row, request.user, actor(request))
        commands = [(title, curl(request, call)) for title, call in calls]
        kind, name = str(self.opts.verbose_name), str(row)
        about = name if name.startswith(kind) else f"{kind} {name}"
        return self.commands_page(request, f"{about} as curl", commands, page_url(self.model, pk))

    def list_curl_view(self, request: HttpRequest) -> HttpResponse:
        """Show the command that lists the same rows."""
        if not self.has_view_permission(request):
            raise PermissionDenied(f"This needs the permission to view {self.opts.verbose_name}s.")
        call, left_out = call_of_list(self.model, request.GET)
        back = known_admin_url(f"{url_prefix(self.model)}_changelist")
        title = f"List of {self.opts.verbose_name_plural} as curl"
        commands = [("List them", curl(request, call))]
        if query := request.GET.urlencode():
            back = f"{back}?{query}"
        return self.commands_page(request, title, commands, back, left_out)

    def commands_page(
        self,
        request: HttpRequest,
        title: str,
        commands: list[tuple[str, str]],
        back: str | None,
        left_out: list[str] | None = None,
    ) -> HttpResponse:
        """Show commands, and how to have a token."""
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title[0].upper() + title[1:],
            "commands": [each for each in commands if each[1]],
            "left_out": left_out,
            "back": back,
            "token_url": known_admin_url("knox_authtoken_add"),
        }
        return TemplateResponse(request, "workflows/curl.html", context)
