"""
Admin sites that are a console: the dashboard is their first page, and they know what to count.

`ConsoleMixin` makes one of a project's own site; `Console` is the site of the stand-alone product,
with a navigation of its own. Sites without either have the dashboard as a page of our section.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from workflows.models import WorkflowRun
from workflows.sites import admin_url, all_at_site, current_site, site_at

# Importing workflows.admin registers its pages with a site, so this module imports from there
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
    "Group": ("users", "Roles"),
    "AuthToken": ("tokens", "API tokens"),
}
"""The icon and the name of a list in the navigation, by its model."""
OPERATE = ("WorkflowRun", "Task", "TaskAttempt", "Approval", "Event")
DESIGN = ("WorkflowTemplate", "Runner")
KEPT = ("RunRecord",)
VERBS = {
    "changelist": "view",
    "change": "view",
    "history": "view",
    "add": "add",
    "delete": "delete",
}
"""The permission that a page of Django's needs, by the end of its name."""
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


class ConsoleMixin(AdminSite):
    """
    Makes a console of an admin site: `class Back(ConsoleMixin, AdminSite)`.

    Its index is the dashboard, Django's side bar lists our pages in the order of work with their
    numbers, a refused page says which permission is missing, and failed logins are limited.
    Our pages are registered with it if nobody has done so.
    """

    index_is_dashboard = True
    index_title = "Dashboard"
    index_template = "workflows/dashboard/index.html"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """List our pages first, in the order of work."""
        context = super().each_context(request)
        context["available_apps"] = list(_grouped(context["available_apps"]))
        return context

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the dashboard."""
        from workflows.admin.dashboard.page import dashboard
        from workflows.admin.ui.numbers import with_plain_numbers

        page = super().index(request, {**dashboard(request), **(extra_context or {})})
        return with_plain_numbers(page)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Log in with a limit on failed attempts."""
        from workflows.admin.login import with_limit

        self.login_form = with_limit(self.login_form or AdminAuthenticationForm)
        return super().login(request, extra_context)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Change one's password, with a limit on wrong guesses of the one of now."""
        from workflows.admin.login import PasswordForm

        template = self.password_change_template
        view: Any = PasswordChangeView.as_view(
            form_class=PasswordForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
            **({"template_name": template} if template else {}),
        )
        request.current_app = self.name
        return view(request)  # type: ignore[no-any-return]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Say which permission is missing if a page is refused."""

        @wraps(view)
        def explained(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied as exc:
                return refused(request, exc)

        return super().admin_view(explained, cacheable)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the URLs that open pages ask, and our pages."""
        from workflows.admin import register
        from workflows.admin.palette import palette_view
        from workflows.admin.polled import attention_view, session_view

        if not self.is_registered(WorkflowRun):
            register(self)

        ours = [
            path(f"{name}/", self.admin_view(view), name=name)
            for name, view in (
                ("attention", attention_view),
                ("palette", palette_view),
                ("session", session_view),
            )
        ]
        return all_at_site(self, [*ours, *super().get_urls()])


class Console(ConsoleMixin):
    """The admin site of the stand-alone product, with a navigation of its own."""

    site_header = site_title = "Orchestrator"
    site_url = None  # there is no public site to link to
    enable_nav_sidebar = False  # replaced by our own navigation
    has_console_look = True
    """The templates of this site load our style sheets on every page."""
    lists_tokens = True

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the navigation."""
        context = super().each_context(request)
        if context["has_permission"]:
            context["navigation"] = list(_navigation(request.path, self.get_app_list(request)))
        return context


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 with the permission that is missing, and what each group may do."""
    from workflows.admin.ui.holders import holders

    site = site_at(request) or current_site()
    request.current_app = site.name
    context = {
        **site.each_context(request),
        "title": "You don't have permission",
        "reason": str(exception) or _missing(request),
        "givers": holders("auth.change_user").sentence if request.user.is_staff else "",
    }
    return TemplateResponse(request, "workflows/refused.html", context, status=403).render()


def _missing(request: HttpRequest) -> str:
    """Return which permission a page of a model needs, of which Django says nothing."""
    name = request.resolver_match.url_name or "" if request.resolver_match else ""
    app, _, rest = name.partition("_")
    model, _, page = rest.partition("_")
    verb = VERBS.get(page)
    named = f"the permission {app}.{verb}_{model}" if verb and model else "a permission"
    return f"This needs {named}, which you don't have."


def _grouped(apps: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield our pages in two groups, in the order of work, then the other apps as they are."""
    ours = {app["app_label"]: app for app in apps if app["app_label"] in {"workflows", "runners"}}
    models = {model["object_name"]: model for app in ours.values() for model in app["models"]}
    for heading, label, names in (
        ("Operate", "workflows", (*OPERATE, *KEPT)),
        ("Design", "runners", DESIGN),
    ):
        listed = [{**models[name], "name": LOOKS[name][1]} for name in names if name in models]
        if listed and (app := ours.get(label) or next(iter(ours.values()))):
            yield {**app, "name": heading, "models": listed}
    yield from (dict(app) for app in apps if app["app_label"] not in ours)


def _navigation(here: str, apps: Sequence[Mapping[str, Any]]) -> Iterator[NavigationGroup]:
    models = {model["object_name"]: model for app in apps for model in app["models"]}
    index = admin_url("index")
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
