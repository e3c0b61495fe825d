"""Callbacks with a wrong token change nothing and leave one event."""

from collections.abc import Callable

import pytest

from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.tables import everything
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, task
from workflows.dispatch.tokens import token_of
from workflows.models import WorkflowRun
from workflows.operations.tasks import retry


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
    assert after == before
    assert host.asked == asked
    assert refusal["event_type"] == "task.report_refused"
    assert (refusal["run_id"], refusal["task_id"]) == (run.pk, task(run, "a").pk)
    assert refusal["reason"]
    assert refusal["payload"].get("status", status) == status
    assert token not in str(refusal)
