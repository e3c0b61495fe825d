"""The chain finds what was changed, and takes rows of earlier releases for what they are."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from runners.base import RunnerReport
from runners.models import Runner
from tests.audit.conftest import as_by_earlier_release, findings
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, start, task, walk
from workflows import operations
from workflows.audit.verify import examine_run
from workflows.models import (
    Event,
    LogPiece,
    RunRecord,
    Task,
    TaskAttempt,
    TaskDependency,
    WorkflowRun,
)
from workflows.reports.runner_reports import apply_runner_report

UNTOUCHED = "expected as it was written, with what it covers"
BY = who("ada")


def start_as_earlier_release(run: WorkflowRun, step_id: str, *, saves: bool = True) -> None:
    """Start a task as a process of the release before does: it chains nothing."""
    now = timezone.now()
    started = attempt(run, step_id)
    TaskAttempt.objects.filter(pk=started.pk).update(started_at=now)
    Task.objects.filter(pk=started.task_id).update(state="running", started_at=now)
    payload = {"attempt_id": str(started.pk)}
    Event.objects.create(event_type="task.running", run=run, task=started.task, payload=payload)
    WorkflowRun.objects.filter(pk=run.pk).update(
        dispatched_count=0, running_count=1, **({"updated_at": now} if saves else {})
    )


def test_processes_of_two_releases_work_on_one_run_in_turn(runs: DrawRun, script: Script) -> None:
    run = runs("a > b")
    for name in "ab":
        dispatch(run)
        start_as_earlier_release(run, name)
        assert examine_run(run.pk).findings == []
        finish(run, name)

    examined = examine_run(run.pk)
    assert (examined.findings, examined.not_chained, examined.sealed) == ([], 2, "success")
    assert "2 were written by an earlier release and not chained" in examined.sentence


def test_run_begun_before_the_upgrade_is_chained_from_then_on(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a > b")
    walk(run, "a")
    as_by_earlier_release(run)
    walk(run, "b")

    examined = examine_run(run.pk)
    assert (examined.findings, examined.sealed) == ([], "")
    assert (examined.not_chained, examined.chained) == (6, 3)


def test_event_without_a_digest_that_no_earlier_release_has_written_is_found(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a > b")
    dispatch(run)
    start_as_earlier_release(run, "a", saves=False)
    before_the_next_link = findings(run)
    finish(run, "a")

    expected = "task.running: expected an event of the chain, found one without a digest"
    for found in (before_the_next_link, findings(run)):
        assert any(expected in each for each in found)


def of(run: WorkflowRun, event_type: str) -> Event:
    return Event.objects.filter(run=run, event_type=event_type).latest("id")


def forget_digest(run: WorkflowRun) -> None:
    Event.objects.filter(pk=of(run, "task.succeeded").pk).update(digest=None)


def swap_reasons(run: WorkflowRun) -> None:
    Event.objects.filter(pk=of(run, "task.canceled").pk).update(reason="he said so")


def drop_edge(run: WorkflowRun) -> None:
    TaskDependency.objects.filter(task__run=run).delete()


def rename_step(run: WorkflowRun) -> None:
    Task.objects.filter(pk=task(run, "a").pk).update(title="harmless")


def change_result(run: WorkflowRun) -> None:
    TaskAttempt.objects.filter(task__run=run).update(result={"n": 2})


def change_log(run: WorkflowRun) -> None:
    LogPiece.objects.filter(attempt__task__run=run).update(text="nothing to see\n")


def append_to_log(run: WorkflowRun) -> None:
    ended = attempt(run, "a")
    LogPiece.objects.create(attempt=ended, offset=ended.log_length, text="more\n")


def unseal(run: WorkflowRun) -> None:
    RunRecord.objects.filter(pk=run.pk).update(seals=0, trail_length=0, trail_head="", state="")


def forget_record(run: WorkflowRun) -> None:
    RunRecord.objects.filter(pk=run.pk).delete()


def write_nonsense(run: WorkflowRun) -> None:
    Event.objects.filter(pk=of(run, "task.succeeded").pk).update(payload=[1])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (forget_digest, "chained events: expected "),
        (swap_reasons, f"task.canceled: {UNTOUCHED}"),
        (drop_edge, f"workflow_run.created: {UNTOUCHED}"),
        (rename_step, f"workflow_run.created: {UNTOUCHED}"),
        (change_result, f"task.succeeded: {UNTOUCHED}"),
        (change_log, "expected as it was at the end, found changed since"),
        (append_to_log, "expected nothing after its end, found 1 more pieces"),
        (unseal, "seals of its record: expected 1, found 0"),
        (forget_record, "record: expected one, as its trail began with one, found none"),
        (write_nonsense, f"task.succeeded: {UNTOUCHED}"),
    ],
)
def test_change_is_found(
    runs: DrawRun, script: Script, change: Callable[[WorkflowRun], None], expected: str
) -> None:
    run = runs("a > b")
    dispatch(run)
    apply_runner_report(attempt(run, "a"), RunnerReport("success", result={"n": 1}, output="hi\n"))
    operations.cancel(task(run, "b").pk, by=BY, reason="not today")
    assert findings(run) == []

    change(run)

    assert any(expected in each for each in findings(run)), findings(run)


def test_lost_attempt_may_print_on_but_what_it_has_printed_is_kept(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a")
    dispatch(run)
    start(run, "a")
    lost = attempt(run, "a")
    LogPiece.objects.create(attempt=lost, offset=0, text="before\n")
    operations.declare_lost(task(run, "a").pk, by=BY, reason="the machine burned")
    later = LogPiece.objects.create(attempt=lost, offset=7, text="after\n")
    assert findings(run) == []

    later.delete()
    LogPiece.objects.filter(attempt=lost).update(text="other!\n")

    [found] = findings(run)
    assert f"log of attempt {lost.pk}: expected as it was at the end" in found


def test_repeated_report_of_a_host_adds_nothing_to_the_log(runs: DrawRun, script: Script) -> None:
    run = runs("a")
    dispatch(run)
    for output in ("once\n", "x" * 100_000):
        apply_runner_report(attempt(run, "a"), RunnerReport("success", output=output))

    assert [*LogPiece.objects.values_list("text", flat=True)] == ["once\n"]
    assert findings(run) == []


def test_each_end_seals_the_record_anew(runs: DrawRun, script: Script) -> None:
    run = runs("a")
    dispatch_all(run)
    finish(run, "a", "failed")
    failed = RunRecord.objects.get(pk=run.pk)
    operations.mark_success(task(run, "a").pk, by=BY, reason="looked fine")

    succeeded = RunRecord.objects.get(pk=run.pk)
    assert (failed.state, failed.seals, failed.task_counts["failed"]) == ("failed", 1, 1)
    assert (succeeded.state, succeeded.seals, succeeded.task_counts["success"]) == ("success", 2, 1)
    assert succeeded.trail_length > failed.trail_length
    assert findings(run) == []


@pytest.mark.django_db(transaction=True)
def test_chain_survives_a_move_to_another_database(
    runs: DrawRun, script: Script, tmp_path: Path
) -> None:
    run = runs("a > b", parameters={"n": 1e22, "m": [-0.0, 1.0, 0.1], "t": "ü\n"})
    dispatch(run)
    ended = RunnerReport("success", result={"x": 1e23, "a": {"bb": 1, "a": 2.0}}, output="hi\n")
    apply_runner_report(attempt(run, "a"), ended)
    dump = tmp_path / "dump.json"
    with dump.open("w") as file:
        call_command("dumpdata", "workflows", "runners", stdout=file)
    call_command("flush", "--no-input", stdout=StringIO())
    Runner.objects.all().delete()  # the one that each new database gets

    call_command("loaddata", str(dump), stdout=StringIO())

    assert findings(run) == []
