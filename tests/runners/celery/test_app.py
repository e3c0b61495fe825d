"""Which Celery app attempts are sent through: the named one, else the one that a project made."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pytest_django import Settings

from runners import celery
from runners.base import LONGEST_TIMEOUT_S


@pytest.fixture
def current(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make an app as a project does before Django starts; CELERY_APP is not set."""
    from celery import Celery, current_app

    del settings.CELERY_APP
    before = current_app._get_current_object()
    app = Celery("shop")
    yield app
    before.set_current()


def chosen_in_a_thread() -> Any:
    with ThreadPoolExecutor() as threads:
        return threads.submit(celery._app).result()


def test_project_without_the_setting_sends_through_its_app(
    current: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery, "_at_start", {})
    celery.remember_current_app()
    assert celery._app() is current
    assert chosen_in_a_thread() is current


def test_named_app_comes_first(current: Any, settings: Settings) -> None:
    from orchestrator.celery import app

    settings.ORCHESTRATOR = {"CELERY_APP": "orchestrator.celery.app"}
    assert celery._app() is app


def test_time_limits_of_the_project_do_not_count() -> None:
    from workflows.tasks import execute_attempt

    # Of a task, Celery takes the project's where it has none of its own.
    assert LONGEST_TIMEOUT_S < execute_attempt.soft_time_limit < execute_attempt.time_limit
