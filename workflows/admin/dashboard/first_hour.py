"""The checklist of the first hour: a run, a runner that serves, a colleague, a token."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from runners.models import Runner
from workflows.admin.ui.base import actor
from workflows.admin.ui.display import list_url, page_url
from workflows.api.paths import api_url
from workflows.db.doors import durably
from workflows.errors import WorkflowError
from workflows.insight.runner_health import health_of
from workflows.models import WorkflowRun
from workflows.operations.first_hour import example_template, start_example
from workflows.sites import admin_url, current_site, dashboard_url, known_admin_url, url_prefix

ADD_RUN, ADD_TEMPLATE = "workflows.add_workflowrun", "workflows.add_workflowtemplate"
CHANGE_RUNNER = "runners.change_runner"
FEW_RUNS = 20
"""Whoever has more knows the way around."""
DISMISSED = "first_hour_dismissed"
"""The cookie of a browser in which somebody has dismissed the checklist."""
YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to do, and whether it is done."""

    title: str
    said: str
    is_done: bool
    label: str = ""
    """What its button says; it leads to `url`."""
    url: str = ""
    is_act: bool = False
    """The button does it, instead of leading somewhere."""
    command: str = ""
    """What to type, where the console cannot do it."""


def first_hour_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the card shows; nothing once all is done, or for who can do nothing of it."""
    lines = first_hour(request)
    if not lines or all(line.is_done for line in lines):
        return {}
    return {
        "first_hour": lines,
        "first_hour_done": sum(line.is_done for line in lines),
        "dismiss_url": admin_url("workflows_workflowrun_dismiss"),
    }


def first_hour(request: HttpRequest) -> list[Line]:
    """Return what to do, and what of it is done; none in an installation that is in use."""
    may = request.user.has_perm
    if DISMISSED in request.COOKIES or not any(map(may, (ADD_RUN, CHANGE_RUNNER, _add_user()))):
        return []
    if WorkflowRun.objects.order_by()[: FEW_RUNS + 1].count() > FEW_RUNS:
        return []
    return list(_lines(request))


def _lines(request: HttpRequest) -> Iterator[Line]:
    may = request.user.has_perm
    if may(ADD_RUN):
        yield from _example(may)
    if may(CHANGE_RUNNER):
        yield _runner()
    if may(_add_user()):
        yield from _colleague(request)
    if apps.is_installed("knox") and api_url("workflowrun-list"):
        yield _token(request)


def _example(may: Any) -> Iterator[Line]:
    title = "Run an example"
    newest = WorkflowRun.objects.order_by("-pk").only("pk").first()
    if newest:
        seen = may("workflows.view_workflowrun")
        url = page_url(WorkflowRun, newest.pk) if seen else ""
        yield Line(
            title, "There is a run to look at.", True, f"Run {newest.pk}" if seen else "", url
        )
    elif may(ADD_TEMPLATE) or example_template():
        said = "Three steps that look at this machine; a click makes the template and starts it."
        url = admin_url("workflows_workflowrun_example")
        yield Line(title, said, False, "Load and run it", url, is_act=True)


def _runner() -> Line:
    title = "A runner that serves"
    for health in health_of(Runner.objects.filter(is_enabled=True)).values():
        if health.badge == "success":
            said = f"{health.runner}: {health.sentence}"
            return Line(title, said, True, "Runners", list_url(Runner))
    said = "None serves now: tasks wait. In the folder of your project, with its environment, start"
    return Line(
        title, said, False, "Runners", list_url(Runner), command="python manage.py local_runner"
    )


def _colleague(request: HttpRequest) -> Iterator[Line]:
    users = _active_users()
    page = f"{url_prefix(get_user_model())}_add"
    if url := known_admin_url(page):
        others = users.exclude(pk=request.user.pk).exists()
        said = "Somebody else can log in." if others else "Add a user, with roles as check-boxes."
        yield Line("A colleague", said, others, "Another user" if others else "Add a user", url)


def _token(request: HttpRequest) -> Line:
    from knox.models import AuthToken

    has_one = AuthToken.objects.filter(user=request.user.pk).exists()
    said = "You have one." if has_one else "With a token, programs use the API as you."
    if getattr(current_site(), "lists_tokens", False):
        url = admin_url("knox_authtoken_add")
        return Line("A token", said, has_one, "Another token" if has_one else "Make a token", url)
    command = "" if has_one else f"python manage.py create_api_token {request.user.get_username()}"
    return Line("A token", said, has_one, command=command)


def _active_users() -> QuerySet[Any]:
    users = get_user_model()
    has_field = any(field.name == "is_active" for field in users._meta.get_fields())
    return users._default_manager.filter(**{"is_active": True} if has_field else {})


def _add_user() -> str:
    meta = get_user_model()._meta
    return f"{meta.app_label}.{get_permission_codename('add', meta)}"


@require_POST
def example_view(request: HttpRequest) -> HttpResponse:
    """Import the example and start it, once; lead to its run."""
    may = request.user.has_perm
    if not may(ADD_RUN):
        raise PermissionDenied(f"This needs the permission {ADD_RUN}.")
    if not may(ADD_TEMPLATE) and example_template() is None:
        raise PermissionDenied(f"This needs the permission {ADD_TEMPLATE}.")
    try:
        run = durably(start_example, by=actor(request))
    except WorkflowError as refusal:
        messages.error(request, f"The example was not started: {refusal.detail}.")
        return HttpResponseRedirect(dashboard_url())
    seen = may("workflows.view_workflowrun")
    return HttpResponseRedirect(page_url(WorkflowRun, run.pk) if seen else dashboard_url())


@require_POST
def dismiss_view(request: HttpRequest) -> HttpResponse:
    """Show the checklist no more in this browser."""
    answer = HttpResponseRedirect(dashboard_url())
    secure = request.is_secure()
    answer.set_cookie(DISMISSED, "1", YEAR_S, secure=secure, httponly=True, samesite="Lax")
    return answer
