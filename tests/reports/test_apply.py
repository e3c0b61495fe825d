"""Reports on attempts: on time, late, repeated, out of order, outdated."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.tables import everything
from tests.support.verbs import (
    attempt,
    dispatch,
    finish,
    report,
    start,
    state,
    states,
    task,
    trail,
    walk,
)
from workflows import operations
from workflows.errors import NotFound, ReportRefused
from workflows.models import TaskAttempt, WorkflowRun
from workflows.reports.apply import apply_report, apply_reports
from workflows.reports.report import Report
from workflows.runs.trail import TRAIL_COLUMNS

pytestmark = pytest.mark.django_db


def test_start_and_end_reports_are_stored(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    start(run, "a")
    assert states(run) == {"a": "running"}
    finish(run, "a", exit_code=0, result={"rows": 3}, message="fine")
    ended = attempt(run, "a")
    assert (ended.outcome, ended.exit_code, ended.result) == ("success", 0, {"rows": 3})
    assert ended.message == "fine"
    assert ended.dispatched_at <= ended.started_at <= ended.finished_at  # type: ignore[operator]
    assert task(run, "a").finished_at == ended.finished_at
    assert trail(run)[1:] == [
        "task.dispatched a",
        "task.running a",
        "task.succeeded a",
        "workflow_run.succeeded",
    ]


@pytest.mark.parametrize("status", ["success", "failed", "canceled"])
def test_end_report_without_start_report_is_applied(runs: DrawRun, status: str) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", status)
    assert states(run) == {"a": status}
    assert attempt(run, "a").started_at is None


def test_event_keeps_exit_code_and_message(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed", exit_code=3, message="disk full")
    event = run.events.get(event_type="task.failed")
    assert event.actor == "runner"
    assert event.payload == {
        "attempt_id": str(attempt(run, "a").pk),
        "exit_code": 3,
        "message": "disk full",
    }


@pytest.mark.parametrize("status", ["running", "success", "failed", "canceled"])
def test_repeated_report_is_accepted_and_changes_nothing(runs: DrawRun, status: str) -> None:
    run = runs("a > b")
    dispatch(run)
    report(attempt(run, "a"), status, message="once")
    before = everything()
    report(attempt(run, "a"), status, message="once")
    assert everything() == before


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("success", "failed"),
        ("success", "running"),
        ("success", "canceled"),
        ("failed", "success"),
        ("failed", "running"),
        ("canceled", "success"),
        ("canceled", "running"),
    ],
)
def test_report_after_the_end_is_refused_and_leaves_an_event(
    runs: DrawRun, first: str, second: str
) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", first)
    before = unchanged(run)
    with pytest.raises(ReportRefused, match=f"is {first}, it cannot become {second}"):
        finish(run, "a", second, exit_code=1, message="too late")
    assert unchanged(run) == before
    refused = run.events.latest("id")
    assert (refused.event_type, refused.task) == ("task.report_refused", task(run, "a"))
    assert refused.payload["status"] == second
    assert refused.payload["message"] == "too late"


def unchanged(run: WorkflowRun) -> Any:
    """Return all but the events, and how far they are chained."""
    rest = everything()
    del rest["workflows.Event"]
    for row in rest["workflows.WorkflowRun"]:
        for column in TRAIL_COLUMNS:
            del row[column]
    return rest


def test_report_on_outdated_attempt_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed")
    first = attempt(run, "a")
    operations.retry(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    before = unchanged(run)
    with pytest.raises(ReportRefused, match=f"attempt 1 of task {first.task_id} is outdated"):
        report(first, "success")
    assert unchanged(run) == before
    assert trail(run)[-1] == "task.report_refused a"
    finish(run, "a")
    assert states(run) == {"a": "success"}


def test_repeated_report_on_outdated_attempt_changes_nothing(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed")
    first = attempt(run, "a")
    operations.retry(task(run, "a").pk, by=who("ada"))
    before = everything()
    report(first, "failed")
    assert everything() == before


def test_report_on_unknown_attempt_raises_not_found(db: None) -> None:
    nobody = uuid4()
    with pytest.raises(NotFound, match=f"attempt {nobody} not found"):
        apply_report(Report(nobody, "success"), by=who("runner"))


def test_report_does_not_reopen_an_aborted_run(runs: DrawRun) -> None:
    run = runs("a > b, c")
    dispatch(run)
    start(run, "a")
    operations.abort(run.pk, by=who("ada"))
    finish(run, "a")
    assert (state(run), states(run)["b"]) == ("aborted", "canceled")
    assert trail(run)[-1] == "task.succeeded a"


@pytest.mark.parametrize("status", ["success", "failed"])
def test_report_does_not_resume_a_paused_run(runs: DrawRun, status: str) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    operations.pause(run.pk, by=who("ada"))
    finish(run, "a", status)
    assert (state(run), states(run)) == ("paused", {"a": status, "b": "pending"})
    ended = {"success": "task.succeeded a", "failed": "task.failed a"}[status]
    assert trail(run)[-2:] == ["workflow_run.paused", ended]


def test_last_report_does_not_close_a_paused_run(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    operations.pause(run.pk, by=who("ada"))
    finish(run, "a")
    assert (state(run), states(run)) == ("paused", {"a": "success"})
    operations.resume(run.pk, by=who("ada"))
    assert state(run) == "success"
    assert trail(run)[-3:] == ["task.succeeded a", "workflow_run.resumed", "workflow_run.succeeded"]


def test_reports_of_one_call_are_applied_together(runs: DrawRun) -> None:
    run = runs("a > d, b > d, c > e")
    dispatch(run, limit=None)
    finish(run, "c", "failed")
    made = {of: attempt(run, of) for of in "abc"}
    refused = apply_reports(
        run.pk,
        [
            Report(made["a"].pk, "success", result=1),
            Report(made["b"].pk, "failed", exit_code=2),
            Report(made["c"].pk, "success"),
        ],
        by=who("runner"),
    )
    assert list(refused) == [made["c"].pk]
    assert states(run) == {
        "a": "success",
        "d": "pending",
        "b": "failed",
        "c": "failed",
        "e": "pending",
    }
    assert TaskAttempt.objects.get(pk=made["a"].pk).result == 1
    assert TaskAttempt.objects.get(pk=made["b"].pk).exit_code == 2
    assert sorted(trail(run)[-5:]) == [
        "task.failed b",
        "task.report_refused c",
        "task.succeeded a",
        "workflow_run.deadlocked",
        "workflow_run.failed",
    ]


def test_refused_report_does_not_keep_others_from_being_applied(runs: DrawRun) -> None:
    run = runs("a, b")
    walk(run, "a")
    dispatch(run)
    reports = [Report(attempt(run, "a").pk, "failed"), Report(attempt(run, "b").pk, "success")]
    assert list(apply_reports(run.pk, reports, by=who("runner"))) == [attempt(run, "a").pk]
    assert (state(run), states(run)) == ("success", {"a": "success", "b": "success"})
