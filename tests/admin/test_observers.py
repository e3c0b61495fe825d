"""An observer changes nothing: not by any URL, form, action or call of the API there is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from knox.models import AuthToken

from runners.models import Runner
from tests.api.endpoints import endpoints
from tests.factories import RunnerFactory, UserFactory
from tests.support.drawing import DrawRun
from tests.support.forms import forms_of
from tests.support.tables import everything
from tests.support.verbs import dispatch_all, finish, start
from workflows.models import Approval, Event, Task, TaskAttempt, WorkflowRun, WorkflowTemplate

pytestmark = pytest.mark.slow

OTHERS = {"logout", "password_change"}
"""What everybody may do to themselves."""
PERSONAL = {
    "/admin/logout/",
    "/admin/password_change/",
    "/admin/workflows/savedview/add/",
    "/admin/knox/authtoken/add/",
}
"""What anybody may do, since it concerns nobody else."""
WORDS = ("run", "task", "attempt", "template", "approval", "event")
"""What ids in addresses are called."""
UNKNOWN = 987654321
BY_ANOTHER_TOKEN = {"POST /runner/tasks/<int:pk>/status"}
ROWS: dict[str, type[Model]] = {
    "workflow-templates": WorkflowTemplate,
    "workflow-runs": WorkflowRun,
    "tasks": Task,
    "approvals": Approval,
    "events": Event,
    "runners": Runner,
}


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    """Return a deadlocked run, among others to which every operation could be done."""
    RunnerFactory.create(name="gpu", is_enabled=False)
    runs("gate", requires_approval=True)
    active = runs("a > b, c")
    dispatch_all(active)
    start(active, "a")
    run = runs("a > b, c", name="backup")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "c")
    return run


@pytest.fixture
def observer(groups: None, run: WorkflowRun) -> Client:
    """Act as a member of the group Workflow observer."""
    user = UserFactory.create(username="oscar", is_staff=True)
    user.groups.add(Group.objects.get(name="Workflow observer"))
    client = Client()
    client.force_login(user)
    return client


def contents() -> dict[str, Any]:
    others = (User, Group, AuthToken, LogEntry)
    return {
        **everything(),
        **{
            model._meta.label: list(model._default_manager.order_by("pk").values())
            for model in others
        },
        "members": list(User.groups.through.objects.values()),
        "permissions": list(Group.permissions.through.objects.order_by("pk").values()),
    }


def named_paths(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from named_paths(pattern.url_patterns, path)
        elif path.startswith("admin/") and pattern.name and pattern.name not in OTHERS:
            yield path, pattern


def addresses() -> list[str]:
    """Return the address of every page of the admin, each with a row that there is."""
    return [address(path, pattern) for path, pattern in named_paths(get_resolver().url_patterns)]


def address(path: str, pattern: URLPattern) -> str:
    values: dict[str, object] = {"url": "x", "app_label": "workflows", "content_type_id": 1}
    parts = path.split("/")
    try:
        rows: Any = apps.get_model(parts[1], parts[2])._default_manager
    except (LookupError, IndexError):
        rows = None
    if rows is not None:
        pk = rows.order_by("-pk").values_list("pk", flat=True).first() or 1
        ids = ("object_id", "id", "pk", f"{parts[2]}_id", *(f"{word}_id" for word in WORDS))
        values |= dict.fromkeys(ids, pk) | {"number": 1}
    else:
        values["object_id"] = 1
    for name, converter in pattern.pattern.converters.items():
        assert name in values, f"{path}: which row does {name} mean? Say so here."
        text = str(converter.to_url(values[name]))
        path = path.replace(f"<{name}>", text)
        for kind in ("path", "int", "uuid", "str", "slug"):
            path = path.replace(f"<{kind}:{name}>", text)
    return "/" + path.replace("^(?P<app_label>auth|runners|workflows|knox)/$", "workflows/")


def test_observer_sees_the_pages(observer: Client) -> None:
    seen = [page for page in addresses() if observer.get(page).status_code == 200]

    assert len(seen) > len(ROWS) * 2


def test_page_of_observer_has_no_form_that_changes_anything(observer: Client) -> None:
    for page in addresses():
        answer = observer.get(page)
        if answer.status_code == 200 and "text/html" in answer["Content-Type"]:
            forms = [form for form in forms_of(answer) if form.url not in PERSONAL]
            assert not [form for form in forms if form.buttons or form.actions], page


def test_click_of_administrator_changes_nothing_for_observer(
    root: Client, observer: Client
) -> None:
    clicks = []
    for page in addresses():
        answer = root.get(page)
        if answer.status_code == 200 and "text/html" in answer["Content-Type"]:
            forms = [form for form in forms_of(answer) if form.url not in PERSONAL]
            clicks += [(form.url, click) for form in forms for click in form.clicks()]
    before = contents()

    for url, click in clicks:
        answer = observer.post(url, click)
        assert answer.status_code in {200, 302, 403, 405}, url
        assert contents() == before, (url, click)

    actions = {name for _, click in clicks for name in click.get("action", ())}
    assert {"retry", "mark_success", "cancel", "hold", "pause", "abort", "approve"} <= actions
    assert "delete_selected" in actions
    assert len(clicks) > len(actions) * 2


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_request_to_admin_changes_nothing_for_observer(observer: Client, method: str) -> None:
    before = contents()
    data = {"post": "yes", "confirmed": "1", "how": "all", "reason": "x", "is_enabled": "on"}

    for page in addresses():
        answer = getattr(observer, method)(page, data if method == "post" else None)
        assert answer.status_code in {200, 302, 403, 404, 405}, page
        assert contents() == before, page


def test_request_to_api_changes_nothing_for_observer(observer: Client) -> None:
    before = contents()
    body = json.dumps({"reason": "x", "limit": "all", "name": "x", "title": "x"})

    for endpoint in endpoints():
        method, path = endpoint.split(" ")
        row = ROWS.get(path.split("/")[1])
        last = row._default_manager.order_by("-pk").first() if row else None
        url = path.replace("<int:pk>", str(last.pk if last else UNKNOWN)).replace(
            "<int:number>", "1"
        )
        assert "<" not in url, f"{endpoint}: which row is meant? Say so here."
        answer = observer.generic(method, url, body, content_type="application/json")
        if method != "GET" and endpoint not in BY_ANOTHER_TOKEN:
            assert answer.status_code == 403, endpoint
            assert "permission" in answer.json()["detail"], endpoint
        assert contents() == before, endpoint


def test_refused_click_says_why_and_who_may(observer: Client, run: WorkflowRun) -> None:
    answer = observer.post(f"/admin/workflows/workflowrun/{run.pk}/dispatch-ready/", {"how": "one"})
    acted = observer.post("/admin/workflows/task/", {"action": "retry", "_selected_action": [1]})

    for refused in (answer, acted):
        text = refused.content.decode()
        assert refused.status_code == 403
        assert "a <em>Workflow operator</em> also starts runs and controls them" in text
    assert "the permission workflows.operate_workflowrun" in acted.content.decode()
    assert TaskAttempt.objects.filter(task__run=run).count() == len(["a", "c"])
