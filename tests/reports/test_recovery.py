"""Recovery of attempts whose lease has expired."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.tables import everything
from tests.support.verbs import attempt, dispatch, finish, state, states, task, trail
from workflows.dispatch.claims import claim_attempts
from workflows.errors import ReportRefused
from workflows.models import TaskAttempt, WorkflowRun
from workflows.operations.tasks import retry
from workflows.reports.recovery import recover_overdue

MINUTE = timedelta(minutes=1)


def claim(run: WorkflowRun, step_id: str, lease: timedelta = MINUTE) -> list[TaskAttempt]:
    return claim_attempts(run.pk, [attempt(run, step_id).pk], lease=lease, by=who("executor"))


def test_claimed_attempt_runs_with_a_lease(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    before = timezone.now()
    assert claim(run, "a") == [attempt(run, "a")]
    lease = attempt(run, "a").lease_expires_at
    assert lease
    assert before + MINUTE <= lease <= timezone.now() + MINUTE
    assert states(run) == {"a": "running"}
    assert run.events.latest("id").actor == "executor"


def test_second_claim_of_an_attempt_gets_nothing(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    claim(run, "a")
    before = {name: rows for name, rows in everything().items() if name != "workflows.WorkflowRun"}
    assert claim(run, "a") == []
    after = {name: rows for name, rows in everything().items() if name != "workflows.WorkflowRun"}
    assert after == before


def test_ended_or_outdated_attempt_cannot_be_claimed(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed")
    old = attempt(run, "a")
    assert claim(run, "a") == []
    retry(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    assert claim_attempts(run.pk, [old.pk], lease=MINUTE, by=who("executor")) == []


def test_expired_lease_fails_the_task_as_lost(runs: DrawRun) -> None:
    run = runs("a > b, c")
    dispatch(run, limit=None)
    claim(run, "a", lease=-MINUTE)
    claim(run, "c")
    assert recover_overdue(by=who("rescue")) == {"lost": 1}
    assert states(run) == {"a": "failed", "b": "pending", "c": "running"}
    lost = attempt(run, "a")
    assert (lost.outcome, lost.message.startswith("runner lost")) == ("failed", True)
    assert trail(run)[-1] == "task.lost a"
    assert run.events.latest("id").actor == "rescue"


def test_recovery_changes_nothing_before_leases_expire(runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch(run)
    claim(run, "a")
    before = everything()
    assert not recover_overdue(by=who("rescue"))
    assert everything() == before


def test_lost_attempt_closes_a_run_that_waits_only_for_it(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    claim(run, "a", lease=-MINUTE)
    recover_overdue(by=who("rescue"))
    assert state(run) == "failed"
    assert trail(run)[-3:] == ["task.lost a", "workflow_run.failed", "workflow_run.deadlocked"]


def test_lost_attempt_can_be_retried_and_its_report_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    claim(run, "a", lease=-MINUTE)
    recover_overdue(by=who("rescue"))
    with pytest.raises(ReportRefused):
        finish(run, "a")
    retry(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a")
    assert states(run) == {"a": "success"}


def test_attempts_of_many_runs_are_recovered_in_one_call(runs: DrawRun) -> None:
    made = [runs("a, b") for _ in range(3)]
    for run in made:
        dispatch(run, limit=None)
        claim(run, "a", lease=-MINUTE)
        claim(run, "b", lease=-MINUTE)
    assert recover_overdue(by=who("rescue")) == {"lost": 6}
    assert {state(run) for run in made} == {"failed"}
    assert not recover_overdue(by=who("rescue"))


def test_reported_attempt_is_not_lost(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    claim(run, "a", lease=-MINUTE)
    finish(run, "a")
    assert not recover_overdue(by=who("rescue"))
    assert states(run) == {"a": "success"}


def test_attempts_behind_a_slow_submission_are_not_submitted_by_recovery(
    runs: DrawRun, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [timezone.now()]

    def take_long(wire: dict[str, Any]) -> None:
        now[0] += timedelta(seconds=20)
        if len(script.submitted) < 10:  # otherwise this would never end
            recover_overdue(by=who("rescue"))

    script.on_submit = take_long
    script.refuse("a")
    run = runs("a, b, c, d, e")
    monkeypatch.setattr(timezone, "now", lambda: now[0])
    dispatch(run, limit=None)
    assert script.titles == ["a", "b", "c", "d", "e"]
    assert states(run) == dict.fromkeys("bcde", "dispatched") | {"a": "pending"}


def test_attempts_that_cannot_be_failed_do_not_stand_before_all_others(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.reports.recovery.MOST_AT_ONCE", 2)
    edited, sound = runs("a, b"), runs("a")
    for run, step_id in ((edited, "a"), (edited, "b"), (sound, "a")):
        dispatch(run)
        claim(run, step_id, lease=-MINUTE)
    edited.tasks.update(state="success")
    recover_overdue(by=who("rescue"))
    assert recover_overdue(by=who("rescue")) == {"lost": 1}
    assert states(sound) == {"a": "failed"}
