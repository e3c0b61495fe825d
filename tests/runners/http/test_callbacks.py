"""Callbacks of a host: late, repeated, out of order, forged."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.verbs import attempt, dispatch, dispatch_all, state, states, task, trail
from workflows import operations
from workflows.dispatch.tokens import token_of
from workflows.models import LogPiece


def test_callbacks_take_run_to_its_end(runs: DrawRun, host: HostRunner, callback: Callback) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    assert callback(run, "a", "running").status_code == 200
    assert states(run) == {"a": "running", "b": "pending"}
    fields = {"exit_code": 0, "stdout": "hello\n", "stderr": "careful\n", "result": {"n": 1}}
    assert callback(run, "a", "success", **fields).status_code == 200
    ended = attempt(run, "a")
    assert (ended.outcome, ended.exit_code, ended.result) == ("success", 0, {"n": 1})
    assert "".join(p.text for p in ended.log_pieces.all()) == "hello\ncareful\n"


def test_nulls_and_unknown_fields_are_ignored(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a")
    dispatch(run)
    odd = {
        "message": None,
        "exit_code": None,
        "stdout": None,
        "started_at": "yesterday",
        "container_id": 5,
        "huge": [[1]],
    }
    assert callback(run, "a", "success", **odd).status_code == 200
    assert states(run) == {"a": "success"}


def test_what_helps_an_operator_is_kept_and_shown(
    runs: DrawRun, host: HostRunner, callback: Callback, admin_client: Client
) -> None:
    run = runs("a")
    dispatch(run)
    callback(run, "a", "running", container_id="f00d", other="no")
    cleanup = {"worktree_cleanup_status": "failed", "worktree_cleanup_error": "busy" + "!" * 999}
    callback(run, "a", "failed", **cleanup, worktree_cleanup_log={"a": "list"})
    ended = attempt(run, "a")
    assert ended.details == {
        "container_id": "f00d",
        "worktree_cleanup_status": "failed",
        "worktree_cleanup_error": ("busy" + "!" * 999)[:500],
    }
    page = admin_client.get(reverse("admin:workflows_taskattempt_change", args=[ended.pk]))
    assert "f00d" in page.content.decode()
    task_answer = admin_client.get(f"/tasks/{ended.task_id}").json()
    assert task_answer["attempts"][0]["details"] == ended.details


@pytest.mark.parametrize(
    "odd",
    [
        {"stdout": "a\0b\ud800"},
        {"message": "\0\ud800"},
        {"result": {"a": "\0"}},
        {"exit_code": 10**30},
        {"exit_code": "2"},
    ],
)
def test_unstorable_values_are_dropped_and_report_counts(
    runs: DrawRun, host: HostRunner, callback: Callback, odd: dict[str, object]
) -> None:
    run = runs("a")
    dispatch(run)
    assert callback(run, "a", "failed", **odd).status_code == 200
    assert states(run) == {"a": "failed"}


def test_success_without_running_report_is_accepted(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a")
    dispatch(run)
    assert callback(run, "a", "failed", exit_code=2).status_code == 200
    assert attempt(run, "a").message == "exit code 2"
    assert state(run) == "failed"


def test_repeated_report_changes_nothing(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a, b")
    dispatch(run)
    callback(run, "a", "success", stdout="once")
    before = trail(run)
    assert callback(run, "a", "success", stdout="twice").status_code == 200
    assert trail(run) == before
    assert [piece.text for piece in LogPiece.objects.all()] == ["once"]


@pytest.mark.parametrize("late", ["running", "failed", "canceled"])
def test_contradicting_report_after_end_is_refused(
    runs: DrawRun, host: HostRunner, callback: Callback, late: str
) -> None:
    run = runs("a, b")
    dispatch(run)
    callback(run, "a", "success")
    answer = callback(run, "a", late)
    assert answer.status_code == 409
    assert f"is success, it cannot become {late}" in answer.json()["detail"]
    assert trail(run)[-1] == "task.report_refused a"
    assert states(run)["a"] == "success"


def test_token_of_outdated_attempt_is_refused(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a")
    dispatch(run)
    old = token_of(attempt(run, "a").pk)
    callback(run, "a", "failed")
    operations.retry(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    answer = callback(run, "a", "success", token=old)
    assert (answer.status_code, states(run)) == (409, {"a": "dispatched"})
    assert trail(run)[-1] == "task.report_refused a"


@pytest.mark.parametrize("token", ["", "forged", "ü\u20ac", "x" * 10_000])
def test_forged_token_is_refused_with_one_event(
    runs: DrawRun, host: HostRunner, callback: Callback, token: str
) -> None:
    run = runs("a")
    dispatch(run)
    before = trail(run)
    answer = callback(run, "a", "success", token=token.encode().decode("latin-1"))
    assert answer.status_code == 401
    assert states(run) == {"a": "dispatched"}
    assert trail(run) == [*before, "task.report_refused a"]


def test_token_of_another_task_is_refused(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a, b")
    dispatch_all(run)
    answer = callback(run, "a", "success", token=token_of(attempt(run, "b").pk))
    assert (answer.status_code, states(run)) == (401, {"a": "dispatched", "b": "dispatched"})


@pytest.mark.parametrize("body", [{"status": "queued"}, {"status": "done"}, {"status": 5}])
def test_unknown_status_is_refused_naming_it(
    runs: DrawRun, host: HostRunner, callback: Callback, body: dict[str, object]
) -> None:
    run = runs("a")
    dispatch(run)
    answer = callback(run, "a", **body)
    assert (answer.status_code, list(answer.json())) == (400, ["status"])


def test_report_neither_resumes_paused_nor_revives_aborted_run(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a, b > c")
    dispatch_all(run)
    operations.pause(run.pk, by=who("ada"))
    callback(run, "b", "success")
    assert (state(run), states(run)["c"]) == ("paused", "pending")
    operations.abort(run.pk, by=who("ada"))
    callback(run, "a", "success")
    assert state(run) == "aborted"
