"""Receivers hear once of each end and each failure, after the commit, whatever has caused it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from runners.models import Runner
from tests.execution.conftest import Execution
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch_all, finish, start, state, task
from workflows.dispatch.claims import claim_attempts
from workflows.models import Approval, Task, WorkflowRun
from workflows.operations import (
    Actor,
    abort,
    cancel,
    cancel_rest,
    declare_lost,
    mark_success,
    reject,
    retry,
)
from workflows.reports.apply import apply_reports
from workflows.reports.recovery import recover_overdue
from workflows.reports.report import Report
from workflows.signals import run_finished, task_failed

pytestmark = pytest.mark.django_db(transaction=True)
ANNA = who("anna")
Heard = list[dict[str, Any]]


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Return what the receivers of both signals have heard, in order."""
    told: Heard = []

    def receive(**facts: Any) -> None:
        told.append(facts)

    signals = (run_finished, task_failed)
    for signal in signals:
        signal.connect(receive)
    yield told
    for signal in signals:
        signal.disconnect(receive)


def in_short(heard: Heard) -> list[str]:
    """Return the steps that have failed and the states of the runs that have ended."""
    names = dict(Task.objects.values_list("pk", "step_id"))
    return [str(names[each["task_id"]] if "task_id" in each else each["state"]) for each in heard]


def test_failure_and_end_are_told_with_what_there_is_to_know(
    runs: DrawRun, script: Script, heard: Heard
) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch_all(run)
    start(run, "a")
    finish(run, "a", "failed", message="no luck", exit_code=3)

    failure, end = heard
    at, ended_at = failure.pop("at"), end.pop("at")
    assert failure == {
        "signal": task_failed,
        "sender": Task,
        "task_id": task(run, "a").pk,
        "run_id": run.pk,
        "attempt_id": attempt(run, "a").pk,
        "event_type": "task.failed",
        "message": "no luck",
        "by": Actor(name="runner"),
        "reason": "",
    }
    assert end == {
        "signal": run_finished,
        "sender": WorkflowRun,
        "run_id": run.pk,
        "state": "failed",
        "template_id": run.template_id,
        "template_name": run.template_name,
        "by": Actor(name="runner"),
        "reason": "",
    }
    run.refresh_from_db()
    assert (at, ended_at) == (task(run, "a").finished_at, run.finished_at)


def succeed(run: WorkflowRun) -> None:
    for name in "abc":
        finish(run, name)


def abort_it(run: WorkflowRun) -> None:
    abort(run.pk, by=ANNA, reason="night")


def cancel_all(run: WorkflowRun) -> None:
    for name in "abc":
        cancel(task(run, name).pk, by=ANNA)
        finish(run, name, "canceled")


def fail_together(run: WorkflowRun) -> None:
    reports = [Report(attempt(run, name).pk, "failed") for name in "abc"]
    apply_reports(run.pk, reports, by=ANNA)


def fail_and_mark(run: WorkflowRun) -> None:
    finish(run, "a", "failed")
    mark_success(task(run, "a").pk, by=ANNA, reason="by hand")
    finish(run, "b")
    finish(run, "c")


def fail_twice(run: WorkflowRun) -> None:
    finish(run, "b")
    finish(run, "c")
    finish(run, "a", "failed")
    retry(task(run, "a").pk, by=ANNA)
    finish(run, "a", "failed")


def repeat_a_report(run: WorkflowRun) -> None:
    finish(run, "a", "failed")
    finish(run, "a", "failed")


def lose(run: WorkflowRun) -> None:
    declare_lost(task(run, "a").pk, by=ANNA, reason="its host burned")


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (succeed, ["success"]),
        (abort_it, ["aborted"]),
        (cancel_all, ["failed"]),
        (fail_together, ["a", "b", "c", "failed"]),
        (fail_and_mark, ["a", "success"]),
        (fail_twice, ["a", "failed", "a", "failed"]),
        (repeat_a_report, ["a"]),
        (lose, ["a"]),
    ],
)
def test_each_fact_is_told_once(
    act: Callable[[WorkflowRun], None],
    told: list[str],
    runs: DrawRun,
    script: Script,
    heard: Heard,
) -> None:
    run = runs("a, b, c", auto_dispatch=True)
    dispatch_all(run)
    act(run)
    assert in_short(heard) == told


def test_lost_executor_is_told(runs: DrawRun, local: Runner, heard: Heard) -> None:
    run = runs("a", auto_dispatch=True)
    dispatch_all(run)
    late = timedelta(minutes=-1)
    claim_attempts(run.pk, [attempt(run, "a").pk], lease=late, by=who("executor"))
    recover_overdue(by=who("tick"))
    assert in_short(heard) == ["a", "failed"]
    assert (heard[0]["event_type"], heard[0]["by"]) == ("task.lost", who("tick"))


def test_payload_that_cannot_be_filled_in_is_told(
    runs: DrawRun, local: Runner, heard: Heard
) -> None:
    run = runs("a", payload={"command": ["echo", "{{ params.day }}"]}, auto_dispatch=True)
    dispatch_all(run)
    assert in_short(heard) == ["a", "failed"]
    assert "day" in heard[0]["message"]


def test_rejected_task_has_not_failed_but_its_run_has(
    runs: DrawRun, local: Runner, heard: Heard
) -> None:
    run = runs("a", requires_approval=True)
    reject(Approval.objects.get().pk, by=ANNA)
    assert (in_short(heard), state(run)) == (["failed"], "failed")


def test_canceled_rest_ends_nothing_twice(runs: DrawRun, script: Script, heard: Heard) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch_all(run)
    finish(run, "a", "failed")
    cancel_rest(run.pk, by=ANNA)
    assert in_short(heard) == ["a", "failed"]


def test_executor_tells_what_it_has_executed(execution: Execution, heard: Heard) -> None:
    execution.steps({"a": {"command": ["false"]}, "b": {"python": "noop"}}, "a, b")
    assert in_short(heard) == ["a", "failed"]
    assert heard[0]["message"] == "exit code 1"


def test_time_out_is_told(execution: Execution, heard: Heard) -> None:
    execution.run({"command": ["sleep", "60"]}, timeout_seconds=1)
    assert in_short(heard) == ["step", "failed"]
    assert "timed out" in heard[0]["message"]


def test_what_is_rolled_back_is_not_told(runs: DrawRun, script: Script, heard: Heard) -> None:
    run = runs("a")
    with transaction.atomic():
        abort(run.pk, by=ANNA)
        assert heard == []
        transaction.set_rollback(True)
    assert heard == []
    with transaction.atomic():
        abort(run.pk, by=ANNA)
        assert heard == []
    assert in_short(heard) == ["aborted"]


def test_receiver_that_raises_is_logged_and_costs_nobody_anything(
    runs: DrawRun, script: Script, caplog: pytest.LogCaptureFixture, heard: Heard
) -> None:
    def fail(**_: Any) -> None:
        Task.objects.get(pk=-1)

    task_failed.connect(fail)
    try:
        run = runs("a, b > c", auto_dispatch=True)
        dispatch_all(run)
        finish(run, "a", "failed")
        finish(run, "b")
    finally:
        task_failed.disconnect(fail)
    assert "Task matching query does not exist" in caplog.text
    assert in_short(heard) == ["a"]
    assert script.titles == ["a", "b", "c"]


def test_receiver_may_operate(runs: DrawRun, script: Script) -> None:
    def again(task_id: int, **_: Any) -> None:
        if task_failed.has_listeners(Task) and Task.objects.get(pk=task_id).attempt_count < 2:
            retry(task_id, by=Actor(name="stubborn", via="code"))

    task_failed.connect(again)
    try:
        run = runs("a", auto_dispatch=True)
        dispatch_all(run)
        finish(run, "a", "failed")
    finally:
        task_failed.disconnect(again)
    assert (state(run), attempt(run, "a").number) == ("running", 2)


def test_signals_cost_no_statement(runs: DrawRun, script: Script) -> None:
    def statements(run: WorkflowRun) -> int:
        dispatch_all(run)
        with CaptureQueriesContext(connection) as captured:
            finish(run, "a", "failed")
        return len(captured)

    without = statements(runs("a", auto_dispatch=True))

    def receive(**_: Any) -> None:
        """Hear it."""

    run_finished.connect(receive)
    task_failed.connect(receive)
    try:
        assert statements(runs("a", auto_dispatch=True)) == without
    finally:
        run_finished.disconnect(receive)
        task_failed.disconnect(receive)
