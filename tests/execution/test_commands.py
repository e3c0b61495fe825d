"""Commands: arguments, environment, directory, and the reported end."""

import json
from typing import Any

import pytest

from tests.execution.conftest import Execution, log_of
from tests.support.verbs import state, states, trail

PRINT_ENVIRONMENT = ["python", "-c", "import os; print(dict(os.environ))"]


def test_command_with_exit_code_0_is_a_success(execution: Execution) -> None:
    attempt = execution.run({"command": ["python", "-c", "print('hello')"]})
    assert (attempt.outcome, attempt.exit_code, attempt.message) == ("success", 0, "")
    assert log_of(attempt) == "hello\n"
    assert attempt.started_at and attempt.finished_at  # noqa: PT018
    assert attempt.lease_expires_at is None


def test_each_transition_leaves_an_event_with_its_actor(execution: Execution) -> None:
    attempt = execution.run({"command": ["true"]})
    run = attempt.task.run
    assert run
    assert trail(run) == [
        "workflow_run.running",
        "task.dispatched step",
        "task.running step",
        "task.succeeded step",
        "workflow_run.succeeded",
    ]
    assert run.events.get(event_type="task.succeeded").actor == "local runner"


def test_log_keeps_the_order_of_output_and_errors(execution: Execution) -> None:
    attempt = execution.run({"command": ["sh", "-c", "echo one; echo two >&2; echo three"]})
    assert log_of(attempt) == "one\ntwo\nthree\n"


def test_arguments_reach_the_command_unchanged(execution: Execution) -> None:
    nasty = ["$(touch /tmp/x)", "; ls", "a  b", "*", "'\"", "ümlaut", ""]
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    attempt = execution.run({"command": ["python", "-c", code, *nasty]})
    assert json.loads(log_of(attempt)) == nasty


def test_environment_of_the_executor_is_not_visible_to_commands(
    execution: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution.run({"command": ["true"]})  # the fork server reads its settings once, when it starts
    for name in ("DATABASE_URL", "SECRET_KEY", "CELERY_BROKER_URL", "MY_TOKEN"):
        monkeypatch.setenv(name, f"the value of {name}")
    attempt = execution.run({"command": PRINT_ENVIRONMENT, "env": {"COLOUR": "red"}})
    seen = log_of(attempt)
    assert "the value of" not in seen
    assert "'COLOUR': 'red'" in seen
    assert f"'ORCHESTRATOR_ATTEMPT_ID': '{attempt.pk}'" in seen


def test_command_runs_in_the_given_directory(execution: Execution, tmp_path: Any) -> None:
    attempt = execution.run({"command": ["pwd"], "cwd": str(tmp_path)})
    assert log_of(attempt).strip() == str(tmp_path.resolve())


@pytest.mark.parametrize(
    ("payload", "exit_code", "message"),
    [
        ({"command": ["sh", "-c", "exit 3"]}, 3, "exit code 3"),
        ({"command": ["sh", "-c", "kill -9 $$"]}, -9, "killed by SIGKILL"),
        ({"command": ["no-such-command"]}, None, "cannot start: there is no command"),
        ({"command": ["/etc"]}, None, "cannot start '/etc'"),
        ({"command": ["ls"], "cwd": "/no/such/place"}, None, "directory '/no/such/place' does not"),
        ({"command": ["ls"], "env": {"A=B": "c"}}, None, "cannot start 'ls'"),
        ({"command": "ls"}, None, "payload needs a 'command' (a list of texts)"),
        ({"command": []}, None, "payload needs a 'command' (a list of texts)"),
        ({"command": ["ls"], "env": ["A"]}, None, "env: ['A'] is not an object"),
        ({"command": ["ls"], "python": "noop"}, None, "keep one"),
        ({}, None, "payload needs a 'command'"),
    ],
)
def test_command_that_cannot_succeed_fails_with_reason(
    execution: Execution, payload: dict[str, Any], exit_code: int | None, message: str
) -> None:
    attempt = execution.run(payload)
    assert (attempt.outcome, attempt.exit_code) == ("failed", exit_code)
    assert message in attempt.message
    assert attempt.task.run
    assert state(attempt.task.run) == "failed"
    failure = attempt.task.events.get(event_type="task.failed")
    assert failure.payload["message"] == attempt.message


def test_number_from_an_expression_becomes_an_argument(execution: Execution) -> None:
    payload = {"command": ["echo", "{{ params.n }}", "{{ params.x }}"]}
    attempt = execution.steps({"step": payload}, parameters={"n": 5, "x": 1.5})["step"]
    assert log_of(attempt) == "5 1.5\n"


def test_binary_output_is_shown_with_replacement_characters(execution: Execution) -> None:
    attempt = execution.run({"command": ["head", "-c", "200000", "/dev/urandom"]})
    assert attempt.outcome == "success"
    assert "\ufffd" in log_of(attempt)


def test_long_output_is_cut_and_the_log_says_so(execution: Execution) -> None:
    script = "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo END"
    attempt = execution.run({"command": ["sh", "-c", script]})
    log = log_of(attempt)
    assert len(log) < 1_100_000
    assert "[… 98,936,005 characters were cut here …]" in log
    assert log.endswith("x\nEND\n")
    assert all(len(piece.text) <= 32_000 for piece in attempt.log_pieces.all())


def test_failure_of_one_branch_does_not_stop_the_other(execution: Execution) -> None:
    attempts = execution.steps(
        {
            "root": {"python": "noop"},
            "bad": {"command": ["false"]},
            "good": {"command": ["true"]},
            "after_bad": {"python": "noop"},
            "after_good": {"python": "noop"},
        },
        "root > bad > after_bad, root > good > after_good",
    )
    run = attempts["root"].task.run
    assert run
    assert states(run) == {
        "root": "success",
        "bad": "failed",
        "after_bad": "pending",
        "good": "success",
        "after_good": "success",
    }
    assert "workflow_run.deadlocked" in trail(run)
