"""A run whose rows are wrong harms itself alone: loops over runs log it and go on."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import InterfaceError, connection
from django.utils import timezone

from runners.models import Runner
from tests.factories import RunnerFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, dispatch_all, states, task, trail
from workflows.dispatch.auto_dispatch import offer_free_places
from workflows.dispatch.claims import claim_attempts
from workflows.models import Task, TaskAttempt, WorkflowRun
from workflows.operations.holds import hold, release_due
from workflows.reports import recovery
from workflows.reports.recovery import recover_overdue
from workflows.runs.bulkhead import run_alone

CLOCK = who("clock")
MINUTE = timedelta(minutes=1)


def spoil(run: WorkflowRun) -> WorkflowRun:
    """Make the counters of a run wrong, so that no transition of its tasks can be stored."""
    WorkflowRun.objects.filter(pk=run.pk).update(
        **{f"{name}_count": 0 for name in ("pending", "dispatched", "running")}
    )
    return run


def hold_until_now(run: WorkflowRun) -> None:
    hold(task(run, "a").pk, by=who("ada"), resume_at=timezone.now() + MINUTE)
    Task.objects.filter(run=run, step_id="a").update(resume_at=timezone.now())


def lose(run: WorkflowRun) -> None:
    """Let an executor that dies claim the attempt."""
    dispatch_all(run)
    claim_attempts(run.pk, [attempt(run, "a").pk], lease=-MINUTE, by=who("executor"))


def set_aside(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.exc_info]


def test_hold_of_a_spoiled_run_keeps_no_other_hold_from_its_end(
    runs: DrawRun, caplog: pytest.LogCaptureFixture
) -> None:
    spoiled, sound = runs("a", auto_dispatch=True), runs("a", auto_dispatch=True)
    for run in (spoiled, sound):
        dispatch(runs("x"))
        run.start(by=CLOCK)
        run.save()
        hold_until_now(run)
    spoil(spoiled)

    assert release_due(by=CLOCK) == 1

    assert (states(spoiled), states(sound)) == ({"a": "pending"}, {"a": "dispatched"})
    assert trail(sound)[-2:] == ["task.released a", "task.dispatched a"]
    assert "task.released a" not in trail(spoiled)
    held = task(spoiled, "a").pk
    assert set_aside(caplog) == [
        f"Workflow run {spoiled.pk} is set aside: the release of task {held} failed."
    ]


def test_free_places_are_offered_to_the_runs_behind_a_spoiled_one(
    runs: DrawRun, caplog: pytest.LogCaptureFixture
) -> None:
    Runner.objects.update(is_default=False)
    RunnerFactory.create(name="small", capacity=1, is_default=True)
    busy, spoiled, sound = (runs("a", auto_dispatch=True) for _ in range(3))
    for run in (busy, spoiled, sound):
        dispatch(run)
    TaskAttempt.objects.open().update(outcome="success")
    spoil(spoiled)

    assert offer_free_places(by=CLOCK) == 1

    assert (states(spoiled), states(sound)) == ({"a": "pending"}, {"a": "dispatched"})
    [line] = set_aside(caplog)
    assert line.startswith(f"Workflow run {spoiled.pk} is set aside")


def test_lost_attempts_behind_those_of_a_spoiled_run_are_recovered(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recovery, "MOST_AT_ONCE", 1)
    spoiled, sound = runs("a"), runs("a")
    lose(spoiled)
    lose(sound)
    spoil(spoiled)

    assert recover_overdue(by=CLOCK) == {}
    assert recover_overdue(by=CLOCK) == {"lost": 1}

    assert (states(spoiled), states(sound)) == ({"a": "running"}, {"a": "failed"})
    assert trail(sound)[-3:-1] == ["task.running a", "task.lost a"]
    [line] = set_aside(caplog)
    assert line.startswith(f"Workflow run {spoiled.pk} is set aside")


def test_submissions_behind_a_refused_one_of_a_spoiled_run_are_made(
    runs: DrawRun, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    spoiled, sound = runs("a"), runs("b")
    for run in (spoiled, sound):
        dispatch(run)
    TaskAttempt.objects.update(
        submitted_at=None, lease_expires_at=timezone.now() - MINUTE, number=2
    )
    script.submitted.clear()
    script.refuse("a")
    spoil(spoiled)

    assert recover_overdue(by=CLOCK)["submitted"] == 1

    assert [*set_aside(caplog)] == [
        f"Workflow run {spoiled.pk} is set aside: taking back what its runner refused failed."
    ]


def test_time_outs_behind_one_of_a_spoiled_run_are_kept(
    runs: DrawRun, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    spoiled, sound = runs("a"), runs("b")
    for run in (spoiled, sound):
        dispatch(run)
    past = timezone.now() - MINUTE
    TaskAttempt.objects.update(lease_expires_at=past, times_out_at=past)
    spoil(spoiled)

    assert recover_overdue(by=CLOCK) == {"timed out": 1, "set aside": 1}

    assert states(sound) == {"b": "failed"}
    [line] = set_aside(caplog)
    assert line.startswith(f"Workflow run {spoiled.pk} is set aside")


@pytest.mark.parametrize("command", ["tick", "rescue"])
def test_command_does_its_round_beside_a_spoiled_run(
    runs: DrawRun, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    spoiled, sound = runs("a"), runs("a")
    lose(spoiled)
    lose(sound)
    spoil(spoiled)

    call_command(command)

    assert capsys.readouterr().out == "Settled: 1 lost.\n"


@pytest.mark.django_db
def test_database_that_does_not_answer_is_no_trouble_of_one_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work() -> None:
        raise InterfaceError("the connection is closed")

    answers: Callable[[], bool] = connection.is_usable
    assert (answers(), run_alone(1, "the work", work)) == (True, None)
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    with pytest.raises(InterfaceError):
        run_alone(1, "the work", work)
