"""What a runner reports by itself: late, twice, out of order, forged."""

import pytest

from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.verbs import attempt, dispatch, dispatch_all, state, states, task, trail
from workflows import operations
from workflows.dispatch.tokens import token_of
from workflows.models import LogPiece


def test_a_run_goes_to_its_end_by_callbacks(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    assert callback(run, "a", "running").status_code == 200
    assert states(run) == {"a": "running", "b": "pending"}
    said = {"exit_code": 0, "stdout": "hello\n", "stderr": "careful\n", "result": {"n": 1}}
    assert callback(run, "a", "success", **said).status_code == 200
    ended = attempt(run, "a")
    assert (ended.outcome, ended.exit_code, ended.result) == ("success", 0, {"n": 1})
    assert "".join(p.text for p in ended.log_pieces.all()) == "hello\ncareful\n"


def test_nulls_and_what_we_do_not_know_are_no_harm(
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
def test_what_cannot_be_stored_is_left_out_and_the_word_still_counts(
    runs: DrawRun, host: HostRunner, callback: Callback, odd: dict[str, object]
) -> None:
    run = runs("a")
    dispatch(run)
    assert callback(run, "a", "failed", **odd).status_code == 200
    assert states(run) == {"a": "failed"}


def test_the_end_without_a_start_is_enough(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a")
    dispatch(run)
    assert callback(run, "a", "failed", exit_code=2).status_code == 200
    assert attempt(run, "a").message == "exit code 2"
    assert state(run) == "failed"


def test_a_repeated_word_changes_nothing(
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
def test_another_word_after_the_end_is_refused(
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


def test_the_token_of_an_outdated_attempt_is_refused(
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
def test_a_forged_token_is_refused_and_leaves_one_event(
    runs: DrawRun, host: HostRunner, callback: Callback, token: str
) -> None:
    run = runs("a")
    dispatch(run)
    before = trail(run)
    answer = callback(run, "a", "success", token=token.encode().decode("latin-1"))
    assert answer.status_code == 401
    assert states(run) == {"a": "dispatched"}
    assert trail(run) == [*before, "task.report_refused a"]


def test_the_token_of_another_task_is_refused(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a, b")
    dispatch_all(run)
    answer = callback(run, "a", "success", token=token_of(attempt(run, "b").pk))
    assert (answer.status_code, states(run)) == (401, {"a": "dispatched", "b": "dispatched"})


@pytest.mark.parametrize("body", [{"status": "queued"}, {"status": "done"}, {"status": 5}])
def test_an_unknown_status_is_named(
    runs: DrawRun, host: HostRunner, callback: Callback, body: dict[str, object]
) -> None:
    run = runs("a")
    dispatch(run)
    answer = callback(run, "a", **body)
    assert (answer.status_code, list(answer.json())) == (400, ["status"])


def test_a_report_neither_resumes_nor_revives_a_run(
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
