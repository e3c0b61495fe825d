"""Runners are edited in the admin."""

import pytest
from django.test import Client
from pytest_django import Settings

from runners.models import Runner
from tests.admin.conftest import ClientOf, add_url, list_url, messages_of, text_of, url_of
from tests.factories import RunnerFactory
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import walk
from workflows.models import TaskAttempt


def test_new_default_replaces_old_one(root: Client, local: Runner) -> None:
    root.post(
        add_url(Runner),
        {"name": "gpu", "kind": "local", "capacity": "2", "is_enabled": "on", "is_default": "on"},
    )

    gpu = Runner.objects.get(name="gpu")
    local.refresh_from_db()
    assert (gpu.capacity, gpu.is_enabled, gpu.is_default) == (2, True, True)
    assert not local.is_default


def test_form_offers_only_kinds_of_the_installation(
    root: Client, script: Script, settings: Settings
) -> None:
    settings.RUNNER_BACKENDS = {
        kind: backend for kind, backend in settings.RUNNER_BACKENDS.items() if kind != "http"
    }

    html = root.get(add_url(Runner)).content.decode()

    assert 'value="local"' in html
    assert 'value="scripted"' in html
    assert 'value="http"' not in html


def test_http_runner_is_created_with_its_url(root: Client, local: Runner) -> None:
    data = {"name": "gpu", "kind": "http", "url": "http://gpu-1:9000", "is_enabled": "on"}

    root.post(add_url(Runner), data)

    gpu = Runner.objects.get(name="gpu")
    assert (gpu.kind, gpu.url) == ("http", "http://gpu-1:9000")
    assert "gpu http http://gpu-1:9000" in text_of(root.get(list_url(Runner)))


@pytest.mark.parametrize(
    ("kind", "url", "why"),
    [
        ("http", "", "A runner of kind http needs a url: where it listens"),
        ("local", "http://gpu-1:9000", "Leave this empty: runners of kind local have no url."),
        ("http", "gpu-1:9000", "Give a url with scheme and host"),
        ("http", "ftp://gpu-1", "Give an http or https url"),
        ("http", "file:///etc/passwd", "Give a url with scheme and host"),
        ("http", "http://[::1", "Give a url with scheme and host"),
        ("http", "http://" + "g" * 500, "at most 500 characters"),
    ],
)
def test_invalid_url_is_refused_at_its_field(
    root: Client, local: Runner, kind: str, url: str, why: str
) -> None:
    page = root.post(add_url(Runner), {"name": "gpu", "kind": kind, "url": url})

    errors = page.context["adminform"].form.errors
    assert list(errors) == ["url"]
    assert why in errors["url"][0]
    assert Runner.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "mainframe"), ("capacity", "0"), ("capacity", "-1"), ("name", ""), ("name", "local")],
)
def test_invalid_values_are_refused_at_their_field(
    root: Client, local: Runner, field: str, value: str
) -> None:
    page = root.post(add_url(Runner), {"name": "gpu", "kind": "local", field: value})

    assert list(page.context["adminform"].form.errors) == [field]
    assert Runner.objects.count() == 1


def test_deleting_used_runner_names_its_users(root: Client, local: Runner, runs: DrawRun) -> None:
    runner = RunnerFactory.create(name="gpu")
    runs(", ".join(f"s{number}" for number in range(15)), runner="gpu")

    page = root.post(url_of(runner, "delete"), {"post": "yes"})

    text = text_of(page)
    assert "would require deleting the following protected related objects" in text
    assert "and 10 more" in text  # of 15 steps and 15 tasks
    assert Runner.objects.filter(name="gpu").exists()


def test_runner_of_past_attempts_only_is_deleted(root: Client, runs: DrawRun) -> None:
    walk(runs("a"), "a")
    RunnerFactory.create(name="other", is_default=True)

    answer = root.post(url_of(Runner.objects.get(name="local"), "delete"), {"post": "yes"})

    assert messages_of(answer)[0][0] == "success"
    assert TaskAttempt.objects.get().runner_name == "local"


def test_changing_runner_needs_permission(
    viola: Client, client_of: ClientOf, local: Runner
) -> None:
    data = {"name": "mine", "kind": "local"}

    assert viola.post(url_of(local), data).status_code == 403
    assert viola.post(url_of(local, "delete"), {"post": "yes"}).status_code == 403
    changer = client_of("rita", "runners.view_runner", "runners.change_runner")
    assert changer.post(url_of(local), data).status_code == 302
    assert Runner.objects.get().name == "mine"
