"""The admin site: its navigation, its dashboard, and the numbers in the navigation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite, site
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from workflows.insight.attention import attention_counts

# Importing workflows.admin registers its pages with this site, so this module imports from there
# inside its methods only.

LOOKS = {
    "WorkflowRun": ("runs", "Runs"),
    "Task": ("tasks", "Tasks"),
    "TaskAttempt": ("attempts", "Attempts"),
    "Approval": ("approval", "Approvals"),
    "Event": ("events", "Events"),
    "WorkflowTemplate": ("templates", "Templates"),
    "Runner": ("runners", "Runners"),
    "RunRecord": ("clock", "Retention"),
    "User": ("approval", "Users"),
    "Group": ("users", "Groups"),
    "AuthToken": ("tokens", "API tokens"),
}
"""The icon and the name of a list in the navigation, by its model."""
OPERATE = ("WorkflowRun", "Task", "TaskAttempt", "Approval", "Event")
DESIGN = ("WorkflowTemplate", "Runner")
BESIDE = ("SavedView",)
"""Lists that another list links to."""
COUNTED = {
    "WorkflowRun": "runs",
    "TaskAttempt": "attempts",
    "Approval": "approvals",
    "Runner": "runners",
}
"""The number that stands beside a list, as a key of `attention_counts`."""


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """A link of the navigation."""

    name: str
    url: str
    icon: str
    is_current: bool
    count: str = ""
    """The key of its number in `attention_counts`; empty if it has none."""


@dataclass(frozen=True, slots=True)
class NavigationGroup:
    """Links of the navigation under one heading."""

    name: str
    links: Sequence[NavigationLink]


class Console(AdminSite):
    """The admin site with a navigation and a dashboard of its own."""

    site_header = site_title = "Orchestrator"
    index_title = "Dashboard"
    site_url = None  # there is no public site to link to
    enable_nav_sidebar = False  # replaced by our own navigation

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the navigation."""
        context = super().each_context(request)
        if context["has_permission"]:
            context["navigation"] = list(_navigation(request.path, context["available_apps"]))
        return context

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the dashboard."""
        from workflows.admin.dashboard.page import dashboard

        return super().index(request, {**dashboard(request), **(extra_context or {})})

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Log in with a limit on failed attempts."""
        from workflows.admin.login import LoginForm

        self.login_form = LoginForm
        return super().login(request, extra_context)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Change one's password, with a limit on wrong guesses of the one of now."""
        from workflows.admin.login import PasswordForm

        view: Any = PasswordChangeView.as_view(
            form_class=PasswordForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        request.current_app = self.name
        return view(request)  # type: ignore[no-any-return]

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the URL of the numbers in the navigation."""
        view = self.admin_view(self.attention_view)
        return [path("attention/", view, name="attention"), *super().get_urls()]

    def attention_view(self, request: HttpRequest) -> HttpResponse:
        """Return how many items need attention, of the kinds that the reader may see."""
        return JsonResponse(attention_counts(request.user.has_perm))


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 with the permission that is missing, and what each group may do."""
    reason = str(exception) or "You don't have the permission that this needs."
    context = {**site.each_context(request), "title": "You don't have permission", "reason": reason}
    return TemplateResponse(request, "admin/refused.html", context, status=403).render()


def _navigation(here: str, apps: Sequence[Mapping[str, Any]]) -> Iterator[NavigationGroup]:
    models = {model["object_name"]: model for app in apps for model in app["models"]}
    index = reverse("admin:index")
    dashboard = NavigationLink("Dashboard", index, "dashboard", here == index)
    yield NavigationGroup("Operate", [dashboard, *_links(here, models, OPERATE)])
    others = [name for name in models if name not in {*OPERATE, *DESIGN, *BESIDE}]
    for heading, names in (("Design", DESIGN), ("Settings", others)):
        if links := list(_links(here, models, names)):
            yield NavigationGroup(heading, links)


def _links(
    here: str, models: Mapping[str, Mapping[str, Any]], names: Sequence[str]
) -> Iterator[NavigationLink]:
    for name in names:
        if model := models.get(name):
            icon, label = LOOKS.get(name, ("settings", str(model["name"])))
            url = str(model["admin_url"])
            yield NavigationLink(label, url, icon, here.startswith(url), COUNTED.get(name, ""))
