"""An installation to send hostile input to."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from knox.models import AuthToken
from pytest_django import Settings

from tests.factories import UserFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, dispatch_some, finish, start
from workflows import operations
from workflows.dispatch.tokens import token_of
from workflows.models import WorkflowRun


@pytest.fixture
def alice(db: None) -> User:
    """Return a superuser."""
    return UserFactory.create(username="alice", is_superuser=True, is_staff=True)


@pytest.fixture
def busy(runs: DrawRun, script: Script) -> WorkflowRun:
    """Return a running run; others wait, are paused and have failed."""
    run = runs("a > b, c", requires_approval=False)
    dispatch_some(run, None)
    start(run, "a")
    runs("a > b", requires_approval=True)
    operations.pause(runs("a > b").pk, by=who("ada"))
    failed = runs("a > b")
    dispatch(failed)
    finish(failed, "a", "failed", exit_code=1)
    return run


@pytest.fixture
def headers(alice: User, busy: WorkflowRun) -> dict[str, str]:
    """Return headers with alice's token and the runner token of task `a`."""
    _, token = AuthToken.objects.create(alice)
    return {
        "Authorization": f"Token {token}",
        "X-Runner-Token": token_of(attempt(busy, "a").pk),
    }


@pytest.fixture
def _any_number_of_failed_logins(settings: Settings) -> Iterator[None]:
    settings.FAILED_LOGINS = {"per_address": 10**6, "per_user": 10**6, "seconds": 60}
    yield
    cache.clear()


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Keep the test's database connection open after WSGI requests, as Django's client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)
