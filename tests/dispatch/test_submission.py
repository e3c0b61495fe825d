"""Submissions follow the commit, and what happens to a task meanwhile holds."""

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import (
    attempt,
    dispatch,
    finish,
    start,
    states,
    task,
    trail,
)
from workflows import operations


@pytest.mark.django_db(transaction=True)
def test_runner_is_called_after_the_commit(runs: DrawRun, script: Script) -> None:
    run = runs("a")
    seen = []
    script.on_submit = lambda _: seen.append((connection.in_atomic_block, states(run)["a"]))
    dispatch(run)
    assert seen == [(False, "dispatched")]


@pytest.mark.django_db(transaction=True)
def test_report_before_the_submission_is_answered_is_applied(runs: DrawRun, script: Script) -> None:
    run = runs("a")
    script.on_submit = lambda _: finish(run, "a")
    assert len(dispatch(run).dispatches) == 1
    assert states(run) == {"a": "success"}
    assert trail(run)[-2:] == ["task.succeeded a", "workflow_run.succeeded"]
    assert attempt(run, "a").submitted_at


@pytest.mark.django_db(transaction=True)
def test_task_that_ended_during_a_refused_submission_stays_ended(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a")
    script.refuse("a")
    script.on_submit = lambda _: finish(run, "a")
    dispatch(run)
    assert states(run) == {"a": "success"}
    assert attempt(run, "a").outcome == "success"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stop", ["cancel", "abort"])
def test_task_canceled_during_a_refused_submission_is_canceled(
    runs: DrawRun, script: Script, stop: str
) -> None:
    run = runs("a")
    script.refuse("a")

    def stop_it(_: object) -> None:
        if stop == "cancel":
            operations.cancel(task(run, "a").pk, by=who("ada"), reason="not today")
        else:
            operations.abort(run.pk, by=who("ada"), reason="not today")

    script.on_submit = stop_it
    dispatch(run)
    assert states(run) == {"a": "canceled"}
    assert attempt(run, "a").outcome == "refused"
    run.refresh_from_db()
    assert {state: n for state, n in run.task_counts.items() if n} == {"canceled": 1}
    assert run.state == {"cancel": "failed", "abort": "aborted"}[stop]


@pytest.mark.django_db(transaction=True)
def test_task_canceled_during_its_submission_is_canceled_on_the_runner(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a")

    def cancel(_: object) -> None:
        script.on_submit = None
        operations.cancel(task(run, "a").pk, by=who("ada"))

    script.on_submit = cancel
    dispatch(run)
    assert script.ended == ["a", "a"]  # in vain by the cancel, and again after the submission


@pytest.mark.django_db(transaction=True)
def test_run_paused_during_a_submission_dispatches_no_other_task(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a, b")
    script.refuse("a")

    def pause(_: object) -> None:
        operations.pause(run.pk, by=who("ada"))

    script.on_submit = pause
    dispatch(run)
    assert states(run) == {"a": "pending", "b": "pending"}
    assert script.titles == ["a"]


def test_repeated_start_report_leaves_one_event(runs: DrawRun, script: Script) -> None:
    run = runs("a")
    dispatch(run)
    start(run, "a", "a")
    assert trail(run)[-2:] == ["task.dispatched a", "task.running a"]


def test_auto_dispatch_submits_after_the_commit(
    runs: DrawRun,
    script: Script,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    run = runs("a > b, a > c", auto_dispatch=True)
    dispatch(run)
    with django_capture_on_commit_callbacks() as callbacks:
        finish(run, "a")
        assert states(run) == {"a": "success", "b": "dispatched", "c": "dispatched"}
        assert script.titles == ["a"]
    for callback in callbacks:
        callback()
    assert script.titles == ["a", "b", "c"]


def test_started_task_keeps_running_when_its_submission_times_out(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a")
    script.refuse("scripted", "it did not answer within 5 s")
    script.on_submit = lambda wire: start(run, "a")
    dispatch(run)
    assert (states(run), attempt(run, "a").status) == ({"a": "running"}, "running")
    finish(run, "a")
    assert states(run) == {"a": "success"}
    assert trail(run) == [
        "workflow_run.running",
        "task.dispatched a",
        "task.running a",
        "dispatch.nothing_ready",
        "task.succeeded a",
        "workflow_run.succeeded",
    ]
