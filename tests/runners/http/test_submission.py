"""Submissions to a host: the body, and what each kind of answer means."""

import time
from typing import Any

import pytest
from pytest_django import Settings

from runners.models import Runner
from tests.factories import RunnerFactory
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner, Reply
from tests.support.verbs import attempt, dispatch, dispatch_all, states, task, trail
from workflows.dispatch.tokens import hash_of, token_of
from workflows.models import Event


def test_submission_body_follows_protocol(
    runs: DrawRun, host: HostRunner, settings: Settings
) -> None:
    settings.PUBLIC_BASE_URL = "https://orchestrator.example"
    payload = {"prompt": "do {{ params.what }}", "workspace": {"repo": "x"}, "sandbox": "strict"}
    run = runs("a", payload=payload, parameters={"what": "it"}, timeout_seconds=60)
    dispatch(run)
    made = attempt(run, "a")
    assert host.submissions == [
        {
            "task_id": str(made.pk),
            "run_id": f"run-{run.pk}",
            "prompt": "do it",
            "execution_mode": "no-workspace",
            "timeout_seconds": 60,
            "status_callback_url": (
                f"https://orchestrator.example/runner/tasks/{made.task_id}/status"
            ),
            "status_callback_token": token_of(made.pk),
            "idempotency_key": str(made.pk),
            "workspace": {"repo": "x"},
            "sandbox": "strict",
        }
    ]


def test_prompt_falls_back_to_title(runs: DrawRun, host: HostRunner) -> None:
    dispatch(runs("a"))
    assert host.submissions[0]["prompt"] == "a"
    assert host.submissions[0]["timeout_seconds"] == 86_400


def test_token_is_only_in_submission(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    answer = dispatch(run)
    run.refresh_from_db()
    made = attempt(run, "a")
    token = token_of(made.pk)
    assert made.token_hash == hash_of(token)
    kept = [answer.as_json(), made.payload, run.last_dispatch]
    assert token not in str([*kept, *Event.objects.values_list("payload")])


def test_dispatch_answer_names_runner(runs: DrawRun, host: HostRunner) -> None:
    sent = dispatch(runs("a")).as_json()["dispatch"]["runner_submission"]
    assert sent == {
        "submitted": True,
        "runner": "gpu-1",
        "runner_url": host.url,
        "runner_task_status": "queued",
        "message": "accepted by gpu-1",
    }


REFUSALS: list[tuple[Reply, str]] = [
    ((409, {"detail": "busy"}), "409: busy"),
    ((422, {"message": "no such mode"}), "422: no such mode"),
    ((404, {}), "404"),
    ((500, b"<html>oops</html>"), "500"),
    ((503, {"error": "draining"}), "503: draining"),
    ((302, b""), "302: it redirects, which is not followed"),
]


@pytest.mark.parametrize(("reply", "why"), REFUSALS, ids=[why[:12] for _, why in REFUSALS])
def test_refused_task_is_pending_again_with_reason(
    runs: DrawRun, host: HostRunner, reply: Reply, why: str
) -> None:
    host.on_submit = lambda _: reply
    run = runs("a > b")
    answer = dispatch(run)
    assert answer.reason == f"runner refused: gpu-1: {why}"
    assert states(run) == {"a": "pending", "b": "pending"}
    assert task(run, "a").note.startswith(f"runner refused: gpu-1: {why} (last tried ")
    assert trail(run)[1:3] == ["task.dispatched a", "task.submit_failed a"]
    assert "GET /elsewhere" not in host.asked
    host.on_submit = None
    assert dispatch_all(run) == ["a"]
    assert attempt(run, "a").number == 2


def test_refusing_runner_does_not_hold_back_tasks_of_another(
    runs: DrawRun, host: HostRunner
) -> None:
    host.on_submit = lambda _: (503, {})
    RunnerFactory.create(name="other")
    run = runs("a, b, c")
    run.tasks.filter(step_id="c").update(runner=Runner.objects.get(name="other"))
    assert dispatch_all(run) == ["c"]
    assert len(host.submissions) == 1  # one that takes nothing is asked once in a call


def test_unreachable_runner_refuses(runs: DrawRun, host: HostRunner) -> None:
    Runner.objects.filter(name="gpu-1").update(url="http://127.0.0.1:9")
    answer = dispatch(runs("a"))
    assert answer.reason
    assert answer.reason.startswith("runner refused: gpu-1: it cannot be reached")


@pytest.mark.parametrize("known", [True, False])
def test_unanswered_submission_is_settled_by_polling(
    runs: DrawRun, host: HostRunner, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    monkeypatch.setattr("runners.http.TIMEOUT_S", 0.3)

    def take_and_be_slow(body: dict[str, Any]) -> Reply:
        if known:
            host.accept(body)
        time.sleep(0.6)
        return 202, {}

    host.on_submit = take_and_be_slow
    run = runs("a")
    answer = dispatch(run)
    assert states(run) == {"a": "dispatched" if known else "pending"}
    assert (answer.reason is None) == known
