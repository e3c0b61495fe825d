"""A host that never calls back is named, with the address that it was told to call."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from runners.models import Runner
from tests.admin.conftest import text_of, url_of
from tests.factories import UserFactory
from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.verbs import attempt, dispatch, dispatch_all
from workflows.models import TaskAttempt
from workflows.reports.recovery import recover_overdue

QUESTION = (
    "gpu-1 has never called back; it is told to call http://nowhere:8000/runner/tasks/…/status – "
    "is that address right (PUBLIC_BASE_URL), can the host reach it?"
)


@pytest.fixture
def pages(db: None, client: Client) -> Client:
    """Log an administrator in."""
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


def gpu() -> Runner:
    return Runner.objects.get(name="gpu-1")


def minutes_later() -> None:
    """Let six minutes pass since everything so far."""
    past = timezone.now() - timedelta(minutes=6)
    Runner.objects.exclude(first_submitted_at=None).update(first_submitted_at=past)
    TaskAttempt.objects.update(dispatched_at=past, lease_expires_at=past)


def test_host_that_is_only_polled_is_named_with_the_address_it_was_told(
    runs: DrawRun, host: HostRunner, pages: Client, settings: Settings
) -> None:
    settings.PUBLIC_BASE_URL = "http://nowhere:8000"
    run = runs("a")
    dispatch(run)
    assert "never called back" not in text_of(pages.get(reverse("admin:index")))

    host.says(attempt(run, "a").pk, "success")
    minutes_later()
    recover_overdue(by=who("rescue"))

    assert attempt(run, "a").outcome == "success"
    assert QUESTION in text_of(pages.get(reverse("admin:index")))
    assert f"It has never called back; {QUESTION.partition('; ')[2]}" in text_of(
        pages.get(url_of(gpu()))
    )


def test_first_accepted_callback_is_noted_and_no_later_one(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a")
    dispatch(run)
    callback(run, "a", "running")
    first = gpu().called_back_at
    assert first

    with CaptureQueriesContext(connection) as captured:
        callback(run, "a", "success")
    assert gpu().called_back_at == first
    assert not [each for each in captured if "UPDATE" in each["sql"] and "runners_" in each["sql"]]


def test_refused_callback_does_not_count(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a")
    dispatch(run)
    assert callback(run, "a", "running", token="wrong").status_code == 401

    assert gpu().called_back_at is None


def test_first_accepted_submission_is_noted_and_no_later_one(
    runs: DrawRun, host: HostRunner
) -> None:
    host.on_submit = lambda _: (503, {})
    run = runs("a, b")
    dispatch_all(run)
    assert gpu().first_submitted_at is None

    host.on_submit = None
    dispatch(run)
    first = gpu().first_submitted_at
    assert first
    dispatch(run)
    assert gpu().first_submitted_at == first
