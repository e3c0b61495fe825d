"""Runs, tasks, attempts and events are history: the admin neither edits nor deletes them."""

import pytest
from django.db.models import Model
from django.test import Client

from tests.admin.conftest import act, add_url, list_url, url_of
from tests.support.drawing import DrawRun
from tests.support.verbs import walk
from workflows.models import Approval, Event, Task, TaskAttempt, WorkflowRun

HISTORY = [WorkflowRun, Task, TaskAttempt, Event, Approval]


@pytest.fixture(autouse=True)
def _history(runs: DrawRun) -> None:
    """Make a finished run, and an approval that waits."""
    runs("gate", requires_approval=True)
    walk(runs("a > b"), "a", "b")


def history_rows() -> list[list[object]]:
    return [list(model._default_manager.order_by("pk").values()) for model in HISTORY]


@pytest.mark.parametrize("model", HISTORY)
@pytest.mark.parametrize("page", ["change", "delete"])
def test_superuser_cannot_edit_or_delete_history(
    root: Client, model: type[Model], page: str
) -> None:
    row = model._default_manager.all()[0]
    before = history_rows()

    answer = root.post(url_of(row, page), {"state": "failed", "actor": "eve", "post": "yes"})

    assert answer.status_code == 403
    assert history_rows() == before


@pytest.mark.parametrize("model", [Task, TaskAttempt, Event, Approval])
def test_superuser_cannot_add_tasks_attempts_events_or_approvals(
    root: Client, model: type[Model]
) -> None:
    answer = root.post(add_url(model), {"title": "x", "event_type": "task.succeeded"})

    assert answer.status_code == 403


@pytest.mark.parametrize("model", HISTORY)
def test_lists_of_history_offer_no_deletion(root: Client, model: type[Model]) -> None:
    before = history_rows()

    page = root.get(list_url(model))
    answer = act(root, "delete_selected", [model._default_manager.all()[0]], post="yes")  # type: ignore[list-item]

    assert "delete_selected" not in page.content.decode()
    assert answer.status_code in {200, 302}
    assert history_rows() == before
    assert all(before)
