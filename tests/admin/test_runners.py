"""Runners are edited in the admin."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django import Settings

from runners.models import Runner
from tests.admin.conftest import ClientOf, add_url, list_url, messages_of, text_of, url_of
from tests.factories import RunnerFactory, TaskFactory
from tests.support.drawing import DrawRun
from tests.support.rivals import rival_before
from tests.support.scripted import Script


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


def test_deleting_used_runner_says_what_to_do_instead(
    root: Client, local: Runner, runs: DrawRun
) -> None:
    runner = RunnerFactory.create(name="gpu")
    runs(", ".join(f"s{number}" for number in range(15)), runner="gpu")

    for page in (
        root.get(url_of(runner, "delete")),
        root.post(url_of(runner, "delete"), {"post": "yes"}),
    ):
        kept = "Tasks have used runner 'gpu', and their history names it: disable it instead."
        assert kept in text_of(page)
        assert "Runner gpu cannot be deleted" in text_of(page)
        assert "danger" not in page.content.decode()
    assert Runner.objects.filter(name="gpu").exists()


def test_deleting_several_runners_deletes_none_if_one_is_the_default(
    root: Client, local: Runner
) -> None:
    spare = RunnerFactory.create(name="spare")
    click = {"action": "delete_selected", "_selected_action": [local.pk, spare.pk]}

    for chosen in (click, {**click, "post": "yes"}):
        text = text_of(root.post(list_url(Runner), chosen))
        assert "Runner 'local' is the default, which steps and tasks without a runner use" in text
        assert "make another one the default first." in text

    assert Runner.objects.count() == 2
    click["_selected_action"] = [spare.pk]
    assert messages_of(root.post(list_url(Runner), {**click, "post": "yes"}))[0][0] == "success"
    assert list(Runner.objects.all()) == [local]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_runner_that_is_used_meanwhile_is_kept_and_leaves_no_log_entry(client_of: ClientOf) -> None:
    root = client_of("root", is_superuser=True)
    first, second = RunnerFactory.create(name="first"), RunnerFactory.create(name="second")
    click = {"action": "delete_selected", "_selected_action": [first.pk], "post": "yes"}

    with rival_before("FOR UPDATE", lambda: TaskFactory.create(runner=first)):
        refused = root.post(list_url(Runner), click)
    with rival_before("FOR UPDATE", lambda: TaskFactory.create(runner=second)):
        page = root.post(url_of(second, "delete"), {"post": "yes"})

    assert "Nothing was deleted: tasks have used runner 'first'" in messages_of(refused)[0][1]
    assert "Tasks have used runner 'second'" in text_of(page)
    assert {first, second} <= set(Runner.objects.all())
    assert not LogEntry.objects.exists()


def test_changing_runner_needs_permission(
    viola: Client, client_of: ClientOf, local: Runner
) -> None:
    data = {"name": "mine", "kind": "local"}

    assert viola.post(url_of(local), data).status_code == 403
    assert viola.post(url_of(local, "delete"), {"post": "yes"}).status_code == 403
    changer = client_of("rita", "runners.view_runner", "runners.change_runner")
    assert changer.post(url_of(local), data).status_code == 302
    assert Runner.objects.get().name == "mine"
