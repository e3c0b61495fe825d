"""The site of the admin: its navigation, its first page, and the numbers beside the names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite, site
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from workflows.insight.attention import counts

# This module is imported while the models are registered with the site, which the pages of
# workflows.admin do when they are imported: it must not import them before it is asked for a page.

LOOKS = {
    "WorkflowRun": ("runs", "Runs"),
    "Task": ("tasks", "Tasks"),
    "TaskAttempt": ("attempts", "Attempts"),
    "Approval": ("approval", "Approvals"),
    "Event": ("events", "Events"),
    "WorkflowTemplate": ("templates", "Templates"),
    "Runner": ("runners", "Runners"),
    "User": ("approval", "Users"),
    "Group": ("users", "Groups"),
    "AuthToken": ("tokens", "API tokens"),
}
"""Icon and name of a list, by its model."""
OPERATE = ("WorkflowRun", "Task", "TaskAttempt", "Approval", "Event")
DESIGN = ("WorkflowTemplate", "Runner")
COUNTED = {
    "WorkflowRun": "runs",
    "TaskAttempt": "attempts",
    "Approval": "approvals",
    "Runner": "runners",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the navigation."""

    name: str
    url: str
    icon: str
    is_current: bool
    count: str = ""
    """Which of the numbers of `counts` stands beside it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of the navigation under one heading."""

    name: str
    places: Sequence[Place]


class Console(AdminSite):
    """The operator's console."""

    site_header = site_title = "Orchestrator"
    index_title = "Dashboard"
    site_url = None  # the site has no other page for people
    enable_nav_sidebar = False  # there is one of our own

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the navigation."""
        context = super().each_context(request)
        if context["has_permission"]:
            context["navigation"] = list(_navigation(request.path, context["available_apps"]))
        return context

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show what needs a hand, what runs, and what has finished."""
        from workflows.admin.dashboard.page import dashboard

        return super().index(request, {**dashboard(request), **(extra_context or {})})

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for a password that cannot be guessed at."""
        from workflows.admin.login import LoginForm

        self.login_form = LoginForm
        return super().login(request, extra_context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the address of the numbers."""
        view = self.admin_view(self.attention_view)
        return [path("attention/", view, name="attention"), *super().get_urls()]

    def attention_view(self, request: HttpRequest) -> HttpResponse:
        """Return how much waits for a person, as far as the reader may see it."""
        return JsonResponse(counts(request.user.has_perm))


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say why somebody may not do what they clicked on, and who may."""
    reason = str(exception) or "You do not have the permission that this needs."
    context = {**site.each_context(request), "title": "This is not yours to do", "reason": reason}
    return TemplateResponse(request, "admin/refused.html", context, status=403).render()


def _navigation(here: str, apps: Sequence[Mapping[str, Any]]) -> Iterator[Group]:
    models = {model["object_name"]: model for app in apps for model in app["models"]}
    index = reverse("admin:index")
    first = Place("Dashboard", index, "dashboard", here == index)
    yield Group("Operate", [first, *_places(here, models, OPERATE)])
    for name, wanted in (
        ("Design", DESIGN),
        ("Settings", [each for each in models if each not in {*OPERATE, *DESIGN}]),
    ):
        if places := list(_places(here, models, wanted)):
            yield Group(name, places)


def _places(
    here: str, models: Mapping[str, Mapping[str, Any]], wanted: Sequence[str]
) -> Iterator[Place]:
    for name in wanted:
        if model := models.get(name):
            icon, label = LOOKS.get(name, ("settings", str(model["name"])))
            url = str(model["admin_url"])
            yield Place(label, url, icon, here.startswith(url), COUNTED.get(name, ""))
