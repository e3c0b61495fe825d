"""A kind that is added by one file and one setting works everywhere."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from runners.models import Runner
from tests.admin.conftest import add_url, text_of, url_of
from tests.factories import UserFactory
from tests.runners.custom_kind import tcp
from tests.runners.custom_kind.conftest import TcpHost
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch, states, task, trail
from workflows.models import TaskAttempt
from workflows.reports.recovery import recover_overdue

WRONG_URL = "Give a tcp url with its port, such as tcp://gpu-1:7000"
NO_URL = "A runner of kind tcp needs a url: its address, such as tcp://gpu-1:7000."
NO_QUEUE = "Leave this empty: runners of kind tcp have no queue."

WRONG = [
    ({"url": "http://gpu-1:7000"}, {"url": [WRONG_URL]}),
    ({"url": "tcp://gpu-1"}, {"url": [WRONG_URL]}),
    ({}, {"url": [NO_URL]}),
    ({"url": "tcp://gpu-1:7000", "queue": "gpu"}, {"queue": [NO_QUEUE]}),
]
POOL_WANTED = "Give the name of a pool, which has letters only."
WRONG_OPTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"options": {"pool": "1"}}, {"options": {"pool": [POOL_WANTED]}}),
    (
        {"options": {"poll": "fast"}},
        {
            "options": {
                "poll": ["Leave this empty: runners of kind tcp have no poll; they have pool."]
            }
        },
    ),
    (
        {"credentials": {"key": "x"}},
        {
            "credentials": {
                "key": ["Leave this empty: runners of kind tcp have no key; they have password."]
            }
        },
    ),
    (
        {"token": "x"},
        {"token": ["Leave this empty: runners of kind tcp have no token; they have password."]},
    ),
]


@pytest.fixture
def root(db: None) -> User:
    """Return an administrator."""
    return UserFactory.create(is_staff=True, is_superuser=True)


@pytest.fixture
def admin_pages(root: User, client: Client) -> Client:
    """Log the administrator in."""
    client.force_login(root)
    return client


@pytest.fixture
def api(root: User) -> APIClient:
    """Return a client of the API with all permissions."""
    client = APIClient()
    client.force_authenticate(root)
    return client


def long_ago() -> None:
    """Let an hour pass since everything that was dispatched."""
    past = timezone.now() - timedelta(hours=1)
    TaskAttempt.objects.update(dispatched_at=past, lease_expires_at=past)


def test_runner_made_in_admin_executes_task(
    admin_pages: Client, tcp_host: TcpHost, runs: DrawRun
) -> None:
    data = {"name": "gpu", "kind": "tcp", "url": tcp_host.url}
    switches = {"is_enabled": "on", "is_default": "on"}
    assert admin_pages.post(add_url(Runner), data | switches).status_code == 302

    run = runs("a")
    [dispatched] = dispatch(run).dispatches
    assert dispatched.runner_submission.runner_url == tcp_host.url
    long_ago()
    recover_overdue(by=who("rescue"))

    assert states(run) == {"a": "success"}
    assert attempt(run, "a").log_pieces.get().text == f"did {task(run, 'a').title}\n"
    assert trail(run)[-2:] == ["task.succeeded a", "workflow_run.succeeded"]


def test_runner_made_by_api_executes_task(api: APIClient, tcp_host: TcpHost, runs: DrawRun) -> None:
    body = {"name": "gpu", "kind": "tcp", "url": tcp_host.url, "is_default": True}
    assert api.post("/runners", body).status_code == 201

    run = runs("a")
    assert api.post(f"/workflow-runs/{run.pk}/dispatch-ready").json()["dispatched"]
    long_ago()
    recover_overdue(by=who("rescue"))

    assert states(run) == {"a": "success"}


def test_host_gets_option_and_credential_entered_in_admin(
    admin_pages: Client, tcp_host: TcpHost, runs: DrawRun
) -> None:
    data = {"name": "gpu", "kind": "tcp", "url": tcp_host.url, "is_enabled": "on"}
    own = {"options.pool": "fast", "credentials.password": "s3same"}
    assert admin_pages.post(add_url(Runner), data | own).status_code == 302
    runner = Runner.objects.get(name="gpu")

    page = admin_pages.get(url_of(runner)).content.decode()
    assert 'value="fast"' in page
    assert "s3same" not in page
    dispatch(runs("a", runner="gpu"))
    assert tcp_host.questions[0].items() >= {"pool": "fast", "password": "s3same"}.items()


def test_host_gets_option_and_credential_entered_by_api(
    api: APIClient, tcp_host: TcpHost, runs: DrawRun
) -> None:
    own = {"options": {"pool": "fast"}, "credentials": {"password": "s3same"}}
    made = api.post("/runners", {"name": "gpu", "kind": "tcp", "url": tcp_host.url, **own}).json()

    assert (made["options"], made["credentials_set"]) == ({"pool": "fast"}, ["password"])
    dispatch(runs("a", runner="gpu"))
    assert tcp_host.questions[0].items() >= {"pool": "fast", "password": "s3same"}.items()


@pytest.mark.parametrize(("wrong", "errors"), WRONG_OPTIONS)
def test_api_refuses_options_and_credentials_that_the_kind_does_not_declare(
    api: APIClient, tcp_kind: None, wrong: dict[str, Any], errors: dict[str, Any]
) -> None:
    body = {"name": "gpu", "kind": "tcp", "url": "tcp://gpu-1:7000", **wrong}
    answer = api.post("/runners", body)

    assert (answer.status_code, answer.json()) == (400, errors)
    assert not Runner.objects.filter(kind="tcp").exists()


def test_admin_refuses_wrong_option_at_its_field(admin_pages: Client, tcp_kind: None) -> None:
    data = {"name": "gpu", "kind": "tcp", "url": "tcp://gpu-1:7000", "options.pool": "1"}
    page = admin_pages.post(add_url(Runner), data)

    assert page.context["adminform"].form.errors == {"options.pool": [POOL_WANTED]}


def test_unreachable_host_leaves_task_pending(tcp_host: TcpHost, runs: DrawRun) -> None:
    Runner.objects.create(name="gpu", kind="tcp", url="tcp://127.0.0.1:1", is_default=True)

    run = runs("a")

    assert "runner refused: gpu: it cannot be reached" in (dispatch(run).reason or "")
    assert states(run) == {"a": "pending"}


def test_forgotten_attempt_is_lost(tcp_host: TcpHost, runs: DrawRun) -> None:
    Runner.objects.create(name="gpu", kind="tcp", url=tcp_host.url, is_default=True)
    run = runs("a")
    dispatch(run)
    tcp_host.started.clear()
    long_ago()

    assert recover_overdue(by=who("rescue")) == {"lost": 1}


@pytest.mark.parametrize(("wrong", "errors"), WRONG)
def test_api_refuses_runner_with_error_of_its_kind(
    api: APIClient, tcp_kind: None, wrong: dict[str, str], errors: dict[str, list[str]]
) -> None:
    answer = api.post("/runners", {"name": "gpu", "kind": "tcp", **wrong})

    assert (answer.status_code, answer.json()) == (400, errors)
    assert not Runner.objects.filter(kind="tcp").exists()


@pytest.mark.parametrize(("wrong", "errors"), WRONG)
def test_admin_refuses_runner_with_error_of_its_kind(
    admin_pages: Client, tcp_kind: None, wrong: dict[str, str], errors: dict[str, list[str]]
) -> None:
    page = admin_pages.post(add_url(Runner), {"name": "gpu", "kind": "tcp", **wrong})

    assert page.context["adminform"].form.errors == errors
    assert not Runner.objects.filter(kind="tcp").exists()


def test_admin_form_explains_kind_and_its_fields(admin_pages: Client, tcp_kind: None) -> None:
    text = text_of(admin_pages.get(add_url(Runner)))

    assert "tcp: a host that takes JSON over TCP, at its url." in text
    assert "http: where it listens, such as http://gpu-1:9000." in text
    assert "tcp: its address, such as tcp://gpu-1:7000." in text
    assert "Pool: tcp: which of its pools, such as fast." in text
    assert "Password: Not set. tcp: the password of its users." in text


def test_dashboard_shows_hint_while_runner_is_silent(
    admin_pages: Client, tcp_host: TcpHost, runs: DrawRun
) -> None:
    Runner.objects.create(name="gpu", kind="tcp", url=tcp_host.url, is_default=True)
    dispatch(runs("a"))
    long_ago()

    text = text_of(admin_pages.get(reverse("admin:index")))

    assert "gpu is silent: it has not started 1 attempt. Does its port accept connections?" in text


def test_docs_show_this_kind() -> None:
    page = Path(__file__).parents[3] / "docs" / "runners.md"

    assert Path(tcp.__file__).read_text() in page.read_text()
