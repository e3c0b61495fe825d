"""The API works wherever a project mounts it, and says addresses that lead back to it."""

from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path, set_urlconf
from pytest_django import Settings

from runners.callbacks import callback_url
from tests.api.foreign.conftest import Mount
from tests.factories import RunFactory
from workflows.api import urls
from workflows.api.paths import api_url

URLS = "workflows.api.urls"


def own_page(request: HttpRequest) -> HttpResponse:
    """Answer as the project does."""
    return HttpResponse("own")


OWN = path("own", own_page, name="task-list")
PLACES: dict[str, tuple[list[Any], str]] = {
    "a prefix": ([OWN, path("ops/", include(URLS))], "/ops/"),
    "a namespace": ([path("a/b/c/", include(URLS, namespace="x"))], "/a/b/c/"),
    "a pair": ([path("ops/", include((URLS, "ops")))], "/ops/"),
    "the list alone": ([path("ops/", include((urls.urlpatterns, "ops")))], "/ops/"),
    "another namespace": (
        [path("shop/", include(([path("ops/", include(URLS))], "shop")))],
        "/shop/ops/",
    ),
    "below the admin": (
        [path("admin/ops/", include(URLS)), path("admin/", admin.site.urls)],
        "/admin/ops/",
    ),
    "a language": (i18n_patterns(path("ops/", include(URLS))), "/en/ops/"),
    "one of two": (
        [path("two/", include(URLS, namespace="two")), path("one/", include(URLS))],
        "/two/",
    ),
    "a name of its own paths": ([path("tasks/", include(URLS))], "/tasks/"),
}
each_place = pytest.mark.parametrize("place", PLACES)


@pytest.fixture
def alice(client: Client, alice: User) -> User:
    client.force_login(alice)
    return alice


@each_place
def test_addresses_in_answers_lead_back_to_the_api(
    mount: Mount, client: Client, alice: User, place: str
) -> None:
    patterns, below = PLACES[place]
    mount(*patterns)
    RunFactory.create(template__drawing="a, b")

    page = client.get(f"{below}tasks?limit=1").json()
    document = client.get(f"{below}schema").json()
    missing = client.get(f"{below}tasks/")

    assert page["next"].startswith(f"http://testserver{below}tasks?")
    assert [row["step_id"] for row in client.get(page["next"]).json()["results"]] == ["b"]
    assert document["servers"][0]["url"] == f"http://testserver{below}".rstrip("/")
    assert "/tasks/{id}" in document["paths"]
    assert f'data-document="{below}schema"' in client.get(f"{below}docs").content.decode()
    assert (missing.status_code, missing.json()["detail"]) == (
        404,
        f"There is nothing at {below}tasks/; did you mean {below}tasks?",
    )


@each_place
def test_its_urls_are_found_from_elsewhere(
    mount: Mount, client: Client, db: None, place: str
) -> None:
    patterns, below = PLACES[place]
    mount(*patterns)
    client.get(f"{below}healthz")  # a request of a language, if there is one

    path_of_callback = f"{below}runner/tasks/7/status"
    assert callback_url(7) == f"http://127.0.0.1:8000{path_of_callback}"
    assert client.post(path_of_callback, {}, content_type="application/json").status_code == 401


def test_without_the_api_there_is_no_address(mount: Mount) -> None:
    mount(OWN)

    assert api_url("task-list") is None
    assert callback_url(7) == "http://127.0.0.1:8000/runner/tasks/7/status"


def test_urls_of_a_request_that_leave_the_api_out_do_not_hide_it(
    mount: Mount, client: Client, alice: User
) -> None:
    mount(path("ops/", include(URLS)))
    set_urlconf("tests.admin.three_sites")  # which have no API
    try:
        assert callback_url(7) == "http://127.0.0.1:8000/ops/runner/tasks/7/status"
    finally:
        set_urlconf(None)


def test_what_a_prefix_captures_is_none_of_the_views_business(
    mount: Mount, client: Client, alice: User
) -> None:
    mount(path("<slug:tenant>/ops/", include(URLS)))
    run = RunFactory.create(template__drawing="a")

    answer = client.get(f"/blue/ops/workflow-runs/{run.pk}")
    missing = client.get("/blue/ops/tasks/x")

    assert (answer.status_code, answer.json()["id"]) == (200, run.pk)
    assert "as in /blue/ops/tasks/1." in missing.json()["detail"]
    assert api_url("task-list") is None  # nobody knows the tenant


def test_callbacks_go_to_where_a_server_has_mounted_the_site(
    mount: Mount, settings: Settings
) -> None:
    mount(path("ops/", include(URLS)))
    settings.FORCE_SCRIPT_NAME = "/shop"
    settings.PUBLIC_BASE_URL = "https://example.org"
    assert callback_url(7) == "https://example.org/shop/ops/runner/tasks/7/status"

    settings.PUBLIC_BASE_URL = "https://example.org/shop"
    assert callback_url(7) == "https://example.org/shop/ops/runner/tasks/7/status"


@pytest.mark.parametrize("address", ["tasks", "docs"])
def test_login_page_that_cannot_be_found_is_not_named(
    mount: Mount, settings: Settings, client: Client, db: None, address: str
) -> None:
    mount(path("ops/", include(URLS)))
    settings.LOGIN_URL = "shop:login"
    answer = client.get(f"/ops/{address}")
    assert (answer.status_code, "or log in." in answer.json()["detail"]) == (401, True)


@pytest.mark.parametrize(
    ("address", "status"), [("healthz", 200), ("tasks", 401), ("tasks/", 404), ("nope", 404)]
)
def test_project_that_asks_all_for_a_login_leaves_that_to_the_api(
    mount: Mount, settings: Settings, client: Client, db: None, address: str, status: int
) -> None:
    mount(path("ops/", include(URLS)))
    asking = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, asking]
    assert client.get(f"/ops/{address}").status_code == status


def test_below_a_script_name_addresses_have_it(mount: Mount, client: Client, alice: User) -> None:
    mount(path("ops/", include(URLS)))
    RunFactory.create(template__drawing="a, b")

    page = client.get("/ops/tasks?limit=1", SCRIPT_NAME="/shop").json()
    missing = client.get("/ops/tasks/", SCRIPT_NAME="/shop").json()

    assert page["next"].startswith("http://testserver/shop/ops/tasks?")
    assert missing["detail"].endswith("did you mean /shop/ops/tasks?")


def test_docs_page_sends_strangers_to_the_login_of_the_project(
    mount: Mount, client: Client, settings: Settings, db: None
) -> None:
    mount(path("ops/", include(URLS)), OWN)
    settings.LOGIN_URL = "/own"
    assert client.get("/ops/docs")["Location"] == "/own?next=/ops/docs"

    settings.LOGIN_URL = "/accounts/login/"  # Django's default, at which there is nothing
    assert client.get("/ops/docs").json()["code"] == "not_authenticated"


def test_at_the_root_other_paths_are_the_projects(mount: Mount, client: Client, db: None) -> None:
    mount(path("", include(URLS)), OWN)

    assert client.get("/own").content == b"own"
    assert client.get("/nothing").content == b"a page of the project"
    assert client.get("/tasks/").json()["code"] == "not_found"
