"""Our pages at the admin sites of another project: whatever their names, and however many."""

import re
from collections import deque
from typing import Any
from urllib.parse import urljoin

import pytest
from django.conf import settings as project
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import Settings

from tests.admin.conftest import ClientOf
from tests.support.verbs import attempt
from workflows.management.failure import address_of
from workflows.models import LogPiece, WorkflowRun, WorkflowTemplate
from workflows.sites import known_admin_url

SITES = ("/staff/desk/", "/back/")
ADDRESS = re.compile(r'\s(?:href|action|src|data-[a-z]+)="(/[^"]*)"')
FOR_BUILDER = re.compile(r'"(/[^"]*)"')
LEFT_OUT = re.compile(r"/(logout|jsi18n|password_change|auth|r)/|\.js$")
MOST_PAGES = 150

pytestmark = pytest.mark.usefixtures("_project")


@pytest.fixture
def _project(settings: Settings) -> None:
    """Be another project: its URLs, and none of the templates of the stand-alone site."""
    settings.ROOT_URLCONF = "tests.admin.three_sites"
    settings.TEMPLATES = [{**project.TEMPLATES[0], "DIRS": []}]


@pytest.fixture
def told(busy: WorkflowRun) -> WorkflowRun:
    LogPiece.objects.create(attempt=attempt(busy, "a"), offset=0, text="printed\n")
    return busy


def addresses(page: Any) -> set[str]:
    text = page.content.decode()
    data = re.findall(r'<script id="builder-data"[^>]*>(.*?)</script>', text)
    found = {*ADDRESS.findall(text), *(each for part in data for each in FOR_BUILDER.findall(part))}
    return {each for each in found if not each.startswith("/static/")}


@pytest.mark.parametrize("site", SITES)
def test_every_page_links_to_pages_of_its_own_site(
    root: Client, told: WorkflowRun, site: str
) -> None:
    waiting, seen = deque([site]), {site}
    while waiting and len(seen) < MOST_PAGES:
        page = root.get(here := waiting.popleft())
        assert page.status_code == 200, here
        if not page["Content-Type"].startswith("text/html"):
            continue
        found = addresses(page)
        assert {each for each in found if not each.startswith(site)} == set(), here
        paths = {urljoin(here, each).partition("?")[0].partition("#")[0] for each in found}
        for each in sorted(paths - seen):
            if "/0/" not in each and not LEFT_OUT.search(each) and not _needs_more(each):
                seen.add(each)
                waiting.append(each)
    assert f"{site}workflows/workflowrun/{told.pk}/change/" in seen
    assert f"{site}workflows/task/" in seen


def _needs_more(path: str) -> bool:
    posted = ("/dispatch-ready/", "/read-file/", "/store/", "/step/", "/check/", "/form/")
    return path.endswith((*posted, "/first-hour/example/", "/first-hour/dismiss/"))


def test_dashboard_is_at_the_top_of_our_section(root: Client, told: WorkflowRun) -> None:
    index = root.get("/staff/desk/")
    (section,) = [app for app in index.context["app_list"] if app["app_label"] == "workflows"]

    assert section["models"][0]["name"].strip() == "Operations"
    page = root.get(section["models"][0]["admin_url"])
    assert page.context["attention_groups"][0].title == "Failed and stuck runs"
    assert 'data-attention="/staff/desk/workflows/operations/attention/"' in page.content.decode()
    assert root.get("/staff/desk/workflows/operations/attention/").json()["runs"] == 1


def test_console_has_the_dashboard_as_its_index(root: Client, told: WorkflowRun) -> None:
    index = root.get("/back/")

    assert index.context["attention_groups"]
    names = [(app["name"], len(app["models"])) for app in index.context["available_apps"]]
    assert names == [("Operate", 6), ("Design", 2), ("Authentication and Authorization", 1)]
    assert root.get("/back/attention/").json()["runs"] == 1
    assert root.get("/back/workflows/operations/").status_code == 404


def test_dashboard_is_not_offered_to_people_who_see_nothing_there(client_of: ClientOf) -> None:
    nora = client_of("nora", "auth.view_group")
    labels = [app["app_label"] for app in nora.get("/staff/desk/").context["app_list"]]
    assert labels == ["auth"]
    assert nora.get("/staff/desk/workflows/operations/").status_code == 403


def test_pages_of_the_project_load_nothing_of_ours(root: Client) -> None:
    Group.objects.create(name="Bakers")
    for path in ("/staff/desk/", "/staff/desk/auth/group/", "/staff/desk/auth/group/add/"):
        page = root.get(path)
        assert "/static/workflows/" not in page.content.decode()
        assert not [each.name for each in page.templates if "workflows" in str(each.name)]


def test_builder_stores_without_the_api(root: Client, client_of: ClientOf) -> None:
    place = "/staff/desk/workflows/workflowtemplate/"
    template = {
        "name": "drawn",
        "steps": [{"step_id": "a", "title": "A", "payload": {"command": ["true"]}}],
    }

    def store(client: Client, path: str, body: dict[str, Any], method: str = "post") -> Any:
        return getattr(client, method)(place + path, body, content_type="application/json")

    assert store(root, "store/", template).json()["version"] == 1
    made = WorkflowTemplate.objects.get()
    again = store(root, f"{made.pk}/store/", {**template, "description": "x", "version": 1}, "put")
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert store(root, f"{made.pk}/store/", {**template, "version": 1}, "put").status_code == 409
    viola = client_of("viola", "workflows.view_workflowtemplate")
    assert store(viola, "store/", template).status_code == 403
    stranger = store(Client(), "store/", template)
    assert (stranger.status_code, stranger.json()["code"]) == (403, "logged_out")


def test_log_is_read_on_without_the_api(root: Client, told: WorkflowRun) -> None:
    pieces = f"/back/workflows/taskattempt/{attempt(told, 'a').pk}/pieces/"
    assert [text for _, text in root.get(pieces).json()["pieces"]] == ["printed\n"]
    assert root.get(f"{pieces}?after=8").json()["pieces"] == []


def test_refused_page_of_a_console_says_which_permission_is_missing(client_of: ClientOf) -> None:
    answer = client_of("nora").post("/back/workflows/workflowrun/", {"action": "pause"})
    assert answer.status_code == 403
    assert "workflows.operate_workflowrun" in answer.content.decode()
    assert "Back office" in answer.content.decode()


def test_console_limits_failed_logins(settings: Settings, root: Client) -> None:
    settings.FAILED_LOGINS = {"per_address": 9, "per_user": 1, "seconds": 60}
    guess = {"username": "root", "password": "wrong"}
    answers = [Client().post("/back/login/", guess).content.decode() for _ in range(2)]
    assert ["Too many failed logins" in each for each in answers] == [False, True]


def test_commands_name_pages_of_the_first_site_that_has_them(busy: WorkflowRun) -> None:
    assert address_of(busy).endswith(f"/staff/desk/workflows/workflowrun/{busy.pk}/change/")
    assert known_admin_url("shop_product_changelist") is None


def test_views_of_pages_check_the_csrf_token(root: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = root.cookies
    place = "/staff/desk/workflows/workflowtemplate/store/"
    answer = strict.post(place, {"name": "x"}, content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]
