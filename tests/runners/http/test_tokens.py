"""Callbacks with a wrong token change nothing and leave one event."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.tables import everything
from tests.support.threads import at_once
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, task
from workflows.dispatch.tokens import token_of
from workflows.models import Event, WorkflowRun
from workflows.operations.tasks import retry
from workflows.runs.trail import TRAIL_COLUMNS


def forged(run: WorkflowRun, other: WorkflowRun) -> str:
    return token_of(attempt(run, "a").pk)[:-1] + "x"


def hashed(run: WorkflowRun, other: WorkflowRun) -> str:
    """Return what somebody could read in the database."""
    return attempt(run, "a").token_hash


def of_the_id(run: WorkflowRun, other: WorkflowRun) -> str:
    return str(attempt(run, "a").pk)


def of_another_task(run: WorkflowRun, other: WorkflowRun) -> str:
    return token_of(attempt(run, "b").pk)


def of_another_run(run: WorkflowRun, other: WorkflowRun) -> str:
    return token_of(attempt(other, "a").pk)


def outdated(run: WorkflowRun, other: WorkflowRun) -> str:
    old = token_of(attempt(run, "a").pk)
    finish(run, "a", "failed")
    retry(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    return old


def of_one_that_has_ended(run: WorkflowRun, other: WorkflowRun) -> str:
    finish(run, "a", "failed")
    return token_of(attempt(run, "a").pk)


def without_trail(rows: dict[str, Any]) -> dict[str, Any]:
    """Leave out how far the trails of runs are chained: the event of a refused report is, too."""
    for run in rows["workflows.WorkflowRun"]:
        for name in TRAIL_COLUMNS:
            del run[name]
    return rows


@pytest.mark.parametrize("status", ["running", "success", "canceled"])
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (forged, 401),
        (hashed, 401),
        (of_the_id, 401),
        (of_another_task, 401),
        (of_another_run, 401),
        (outdated, 409),
        (of_one_that_has_ended, 409),
    ],
)
def test_wrong_token_changes_nothing_and_leaves_one_event(
    wrong: Callable[[WorkflowRun, WorkflowRun], str],
    code: int,
    status: str,
    runs: DrawRun,
    host: HostRunner,
    callback: Callback,
) -> None:
    run, other = runs("a > c, b", auto_dispatch=True), runs("a")
    dispatch_all(run)
    dispatch(other)
    token = wrong(run, other)
    before = everything()
    asked = list(host.asked)
    answer = callback(run, "a", status, token=token, stdout="x", result={"x": 1}, exit_code=0)
    assert answer.status_code == code
    after = everything()
    *events, refusal = after.pop("workflows.Event")
    assert events == before.pop("workflows.Event")
    assert without_trail(after) == without_trail(before)
    assert host.asked == asked
    assert refusal["event_type"] == "task.report_refused"
    assert (refusal["run_id"], refusal["task_id"]) == (run.pk, task(run, "a").pk)
    assert refusal["reason"]
    assert refusal["payload"].get("status", status) == status
    assert token not in str(refusal)


class Unread:
    """A body that must not be read."""

    def read(self, *_: object) -> bytes:
        """Fail."""
        raise AssertionError("the body was read")

    readline = read


def send_unread(task_id: int, token: str) -> int:
    """Announce a body of 15 MB with a token; return the status of the answer."""
    body: Any = {"wsgi.input": Unread(), "CONTENT_LENGTH": "15000000"}
    answer = Client().generic(
        "POST",
        f"/runner/tasks/{task_id}/status",
        content_type="application/json",
        headers={"X-Runner-Token": token},
        **body,
    )
    return answer.status_code


def test_body_of_a_stranger_is_not_read(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    dispatch(run)
    assert send_unread(task(run, "a").pk, "forged") == 401
    assert send_unread(987654321, "forged") == 401


def refusals(run: WorkflowRun) -> list[dict[str, int]]:
    found = run.events.filter(event_type="task.report_refused").order_by("id")
    return [event.payload for event in found]


def test_wrong_tokens_of_an_hour_are_counted_in_one_event(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a, b")
    dispatch_all(run)
    for _ in range(3):
        send_unread(task(run, "a").pk, "forged")
    send_unread(task(run, "b").pk, "forged")
    assert refusals(run) == [{"count": 3}, {"count": 1}]
    Event.objects.update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    send_unread(task(run, "a").pk, "forged")
    assert refusals(run) == [{"count": 3}, {"count": 1}, {"count": 1}]


@pytest.mark.django_db(transaction=True)
def test_wrong_tokens_at_the_same_moment_are_all_counted(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    dispatch(run)
    pk = task(run, "a").pk
    assert at_once([lambda: send_unread(pk, "forged")] * 6) == [401] * 6
    assert refusals(run) == [{"count": 6}]


def test_wrong_tokens_for_no_task_leave_no_event(db: None) -> None:
    assert send_unread(987654321, "forged") == 401
    assert not Event.objects.exists()
