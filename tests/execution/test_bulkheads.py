"""The trouble of one attempt or run is its own: its executor and the others go on."""

import resource
import signal
from typing import Any

import pytest
from django.db import DataError

from tests.execution.conftest import Execution, log_of
from tests.support.verbs import attempt, dispatch_all, states
from workflows.execution import reporter, set_aside
from workflows.execution.running_attempt import RunningAttempt
from workflows.execution.running_attempts import UNMASKABLE
from workflows.models import LogPiece, WorkflowRun
from workflows.reports.apply import apply_reports_and_claim
from workflows.reports.logs import AttemptLog

NOOP = {"python": "noop"}


@pytest.mark.parametrize("number", range(1, signal.NSIG))
def test_every_signal_has_a_text(number: int) -> None:
    from runners.slots.outcome import Outcome

    assert Outcome(exit_code=-number).failure.startswith("killed by ")


def test_command_killed_by_a_signal_without_a_name_harms_nobody(execution: Execution) -> None:
    attempts = execution.steps(
        {
            "a": {"command": ["sh", "-c", "kill -35 $$"]},
            "b": {"command": ["sh", "-c", "sleep 0.5; echo b ends"]},
        }
    )
    assert (attempts["a"].outcome, attempts["a"].message) == ("failed", "killed by signal 35")
    assert attempts["b"].outcome == "success"


@pytest.mark.parametrize("place", ["begun", "heard", "logged", "ended"])
def test_attempt_with_which_its_executor_has_trouble_fails_alone(
    execution: Execution,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    place: str,
) -> None:
    """Whatever is raised, wherever it is raised."""
    run = execution.drawn(
        {name: {"command": ["sh", "-c", f"echo {name}; sleep 0.6"]} for name in ("poison", "b")}
    )
    owner, method = {
        "begun": (AttemptLog, "__init__"),
        "heard": (RunningAttempt, "hear_slot"),
        "logged": (AttemptLog, "pieces"),
        "ended": (AttemptLog, "last_pieces"),
    }[place]
    original = getattr(owner, method)
    poisoned = str(execution.attempt_id(run, "poison"))

    def raise_for_poison(self: object, *args: object, **kwargs: object) -> object:
        attempt_id = args[0] if place == "begun" else _attempt_id_of(self)
        if str(attempt_id) == poisoned:
            raise RuntimeError("poison")
        return original(self, *args, **kwargs)

    monkeypatch.setattr(owner, method, raise_for_poison)
    attempts = execution.to_end(run)
    assert states(run) == {"poison": "failed", "b": "success"}
    assert "RuntimeError: poison" in attempts["poison"].message
    assert "Traceback" in caplog.text
    assert log_of(attempts["b"]) == "b\n"


@pytest.mark.parametrize("column", ["secrets", "encrypted_secrets"])
@pytest.mark.parametrize("nonsense", [5, ["x"], "x"])
def test_run_with_nonsense_for_secrets_takes_no_other_claim_with_it(
    execution: Execution, column: str, nonsense: object
) -> None:
    sick = execution.drawn({"a": NOOP})
    sound = execution.drawn({"a": NOOP})
    dispatch_all(sick)
    WorkflowRun.objects.filter(pk=sick.pk).update(**{column: nonsense})
    execution.to_end(sound)
    assert (states(sick), states(sound)) == ({"a": "failed"}, {"a": "success"})
    assert attempt(sick, "a").message == UNMASKABLE


@pytest.mark.parametrize(
    "nonsense", [{"attempt_count": 99}, {"state": "canceled"}, {"state": "pending"}, {"run": None}]
)
def test_attempts_that_no_claim_wins_do_not_stand_before_all_others(
    execution: Execution, nonsense: dict[str, Any]
) -> None:
    sick = execution.drawn({"a": NOOP, "b": NOOP})
    sound = execution.drawn({"a": NOOP})
    dispatch_all(sick)
    sick.tasks.update(**nonsense)
    execution.to_end(sound, concurrency=1)
    assert states(sound) == {"a": "success"}


def _attempt_id_of(owner: Any) -> object:
    return owner.attempt.pk if isinstance(owner, RunningAttempt) else owner._attempt_id


@pytest.mark.django_db(transaction=True)
def test_run_whose_reports_raise_is_set_aside(
    execution: Execution, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(set_aside, "FIRST_PAUSE_S", 0.05)
    run = execution.drawn({"poison": NOOP, "b": NOOP, "c": NOOP})
    poisoned = execution.attempt_id(run, "poison")

    def raise_for_poison(run_id: int, reports: list[Any], request: Any, **more: Any) -> object:
        if any(r.attempt_id == poisoned and r.status == "success" for r in reports):
            raise DataError("this cannot be stored")
        return apply_reports_and_claim(run_id, reports, request, **more)

    monkeypatch.setattr(reporter, "apply_reports_and_claim", raise_for_poison)
    attempts = execution.to_end(run)
    assert states(run) == {"poison": "failed", "b": "success", "c": "success"}
    assert attempts["poison"].message == reporter.UNSTORABLE
    assert f"reports of workflow run {run.pk}" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_task_that_ended_well_does_not_fail_for_a_dispatch_that_raises(
    execution: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_aside, "FIRST_PAUSE_S", 0.05)
    run = execution.drawn({"a": NOOP, "b": {"command": ["echo", "{{ params.x }}"]}}, "a > b")
    dispatch_all(run)
    WorkflowRun.objects.filter(pk=run.pk).update(parameters=["no object"])
    execution.to_end(run)
    run.refresh_from_db()
    assert states(run) == {"a": "success", "b": "pending"}
    assert run.set_aside.startswith("the dispatch of waiting tasks failed")


@pytest.mark.django_db(transaction=True)
def test_piece_of_a_log_that_cannot_be_stored_is_lost_alone(
    execution: Execution, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    script = "echo {}; sleep 1.2; echo end"
    run = execution.drawn({n: {"command": ["sh", "-c", script.format(n)]} for n in ("bad", "good")})
    insert = reporter._insert

    def raise_for_bad(pieces: list[LogPiece]) -> None:
        if any(piece.text == "bad\n" for piece in pieces):
            raise DataError("this cannot be stored")
        insert(pieces)

    monkeypatch.setattr(reporter, "_insert", raise_for_bad)
    attempts = execution.to_end(run)
    assert states(run) == {"bad": "success", "good": "success"}
    assert log_of(attempts["good"]) == "good\nend\n"
    assert log_of(attempts["bad"]) == "end\n"
    assert "is lost" in caplog.text


def test_attempts_that_find_no_descriptors_wait(
    execution: Execution, caplog: pytest.LogCaptureFixture
) -> None:
    import os

    run = execution.drawn({f"s{n}": {"command": ["sleep", "0.3"]} for n in range(20)})
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = len(os.listdir("/proc/self/fd")) + 35
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, limits[1]))
    try:
        execution.to_end(run, concurrency=20)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert set(states(run).values()) == {"success"}
    assert "attempts wait for room to run: Too many open files" in caplog.text
