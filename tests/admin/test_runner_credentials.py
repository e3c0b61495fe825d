"""A runner's options and credentials in the admin: a token can be entered and removed, not read."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from runners.models import Runner
from tests.admin.conftest import ClientOf, add_url, text_of, url_of
from tests.support.secrets import VALUE, places_of

DATA = {"name": "gpu", "kind": "http", "url": "https://gpu-1", "is_enabled": "on"}
WHERE_TO_CALL = "it is told to call http://127.0.0.1:8000/runner/tasks/…/status"


@pytest.fixture
def gpu(root: Client) -> Runner:
    """Make a runner with a token in the admin."""
    assert root.post(add_url(Runner), DATA | {"credentials.token": VALUE}).status_code == 302
    return Runner.objects.get(name="gpu")


def tokens(runner: Runner) -> dict[str, str]:
    runner.refresh_from_db()
    return dict(runner.address.credentials)


def test_token_is_shown_as_set_and_never_filled_in(root: Client, gpu: Runner) -> None:
    page = root.get(url_of(gpu))

    assert tokens(gpu) == {"token": VALUE}
    assert VALUE not in page.content.decode()
    assert "Set; leave this empty to keep it." in text_of(page)
    [field] = re.findall(r'<input type="password"[^>]*>', page.content.decode())
    assert "value=" not in field
    assert 'autocomplete="new-password"' in field
    assert places_of() == []


def test_form_of_new_runner_says_that_no_token_is_set(root: Client) -> None:
    text = text_of(root.get(add_url(Runner)))

    assert "Not set. http: sent to it as Authorization: Bearer" in text
    assert "over http, everybody on the way can read it" in text
    assert "Remove the token" not in text


def test_empty_field_keeps_token(root: Client, gpu: Runner) -> None:
    root.post(url_of(gpu), DATA | {"capacity": "3"})

    assert tokens(gpu) == {"token": VALUE}
    assert gpu.capacity == 3


def test_box_removes_token(root: Client, gpu: Runner) -> None:
    assert "Remove the token" in text_of(root.get(url_of(gpu)))
    root.post(url_of(gpu), DATA | {"clear.token": "on"})

    assert tokens(gpu) == {}


def test_log_of_changes_names_token_without_value(root: Client, gpu: Runner) -> None:
    root.post(url_of(gpu), DATA | {"credentials.token": "another"})

    assert tokens(gpu) == {"token": "another"}
    assert LogEntry.objects.latest("pk").get_change_message() == "Changed Token."


def test_rejected_token_is_not_shown_again(root: Client, gpu: Runner) -> None:
    page = root.post(url_of(gpu), DATA | {"credentials.token": "with a space"})

    assert list(page.context["adminform"].form.errors) == ["credentials.token"]
    assert "with a space" not in page.content.decode()
    assert tokens(gpu) == {"token": VALUE}


def test_wrong_file_is_refused_at_its_field(root: Client, gpu: Runner) -> None:
    page = root.post(url_of(gpu), DATA | {"options.ca_file": "/nowhere/ca.pem"})

    errors = page.context["adminform"].form.errors
    assert list(errors) == ["options.ca_file"]
    assert "/nowhere/ca.pem cannot be read here" in errors["options.ca_file"][0]
    assert 'value="/nowhere/ca.pem"' in page.content.decode()


def test_reader_sees_what_is_set_without_values(root: Client, client_of: ClientOf) -> None:
    runner = Runner(name="gpu", kind="http", url="https://gpu-1", options={"ca_file": "/ca.pem"})
    runner.enter_credentials({"token": VALUE})
    runner.save()
    page = client_of("viola", "runners.view_runner").get(url_of(runner))

    assert page.status_code == 200
    assert "Options: ca_file: /ca.pem" in text_of(page)
    assert "Credentials: token" in text_of(page)
    assert VALUE not in page.content.decode()


def test_token_that_cannot_be_read_can_be_entered_again(
    root: Client, gpu: Runner, settings: Settings
) -> None:
    settings.SECRET_KEY = "another"
    wanted = "Set, but it cannot be read with the present SECRETS_KEYS: enter it again."
    root.force_login(User.objects.get(username="root"))  # the sessions end with the key
    assert wanted in text_of(root.get(url_of(gpu)))

    root.post(url_of(gpu), DATA | {"credentials.token": "again"})
    assert tokens(gpu) == {"token": "again"}


def test_page_says_where_host_is_told_to_call_back(root: Client, gpu: Runner) -> None:
    assert f"None so far; {WHERE_TO_CALL}" in text_of(root.get(url_of(gpu)))

    gpu.note_first("called_back_at")
    at = gpu.called_back_at
    assert at
    assert f"First callback: {at:%Y-%m-%d %H:%M}" in text_of(root.get(url_of(gpu)))
