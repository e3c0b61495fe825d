"""What needs a person's attention, and what does not."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runners.models import Runner
from tests.factories import RunFactory, RunnerFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch_all, finish, start, task, walk
from workflows.insight.attention import (
    attention_counts,
    failed_or_stuck_runs,
    first_failed_or_stuck_runs,
    overdue_attempts,
    runner_problems,
    undecided,
)
from workflows.models import Approval, TaskAttempt, WorkflowRun, WorkflowTemplate
from workflows.operations.approvals import approve
from workflows.operations.runs import abort, pause
from workflows.operations.tasks import cancel, retry


def fail(run: WorkflowRun) -> WorkflowRun:
    dispatch_all(run)
    finish(run, "a", "failed", message="exit code 1")
    return run


def run_of(template: WorkflowTemplate, **parameters: Any) -> WorkflowRun:
    run: WorkflowRun = RunFactory.create(template=template, parameters=parameters)
    return run


@pytest.fixture
def template(db: None) -> WorkflowTemplate:
    """Return a template of two steps."""
    found: WorkflowTemplate = TemplateFactory.create(drawing="a > b")
    return found


def problems() -> list[tuple[str, int, str, bool]]:
    return [
        (
            str(each.runner),
            each.tasks,
            each.refusal.split(" (last tried")[0],
            bool(each.silent_since),
        )
        for each in runner_problems()
    ]


def test_failed_run_needs_attention_until_a_later_run_succeeds(
    template: WorkflowTemplate,
) -> None:
    failed = fail(run_of(template, day=1))
    later = run_of(template, day=1)
    assert list(failed_or_stuck_runs()) == [failed]

    walk(later, "a", "b")

    assert list(failed_or_stuck_runs()) == []


def test_only_later_success_with_same_parameters_resolves_a_failure(
    template: WorkflowTemplate,
) -> None:
    walk(run_of(template, day=1), "a", "b")
    failed = fail(run_of(template, day=1))
    walk(run_of(template, day=2), "a", "b")
    walk(run_of(TemplateFactory.create(drawing="a"), day=1), "a")

    assert list(failed_or_stuck_runs()) == [failed]


def test_run_that_failed_long_ago_needs_no_attention(template: WorkflowTemplate) -> None:
    old = fail(run_of(template))
    WorkflowRun.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=8))

    assert list(failed_or_stuck_runs()) == []


def test_paused_run_needs_attention_once_a_task_has_failed(runs: DrawRun) -> None:
    run, well = runs("a > b, c"), runs("a > b")
    for each in (run, well):
        dispatch_all(each)
        pause(each.pk, by=who("ada"))
    assert list(failed_or_stuck_runs()) == []

    finish(run, "a", "failed")
    assert list(failed_or_stuck_runs()) == [run]

    retry(task(run, "a").pk, by=who("ada"))
    assert list(failed_or_stuck_runs()) == []


def test_failed_task_needs_attention_while_other_branches_run(runs: DrawRun) -> None:
    run = runs("a > b, c")
    dispatch_all(run)
    start(run, "c")
    assert list(failed_or_stuck_runs()) == []

    finish(run, "a", "failed")
    assert list(failed_or_stuck_runs()) == [run]

    retry(task(run, "a").pk, by=who("ada"))
    assert list(failed_or_stuck_runs()) == []


def test_aborted_run_with_failed_task_needs_no_attention(runs: DrawRun) -> None:
    run = runs("a > b, c")
    dispatch_all(run)
    finish(run, "a", "failed")
    abort(run.pk, by=who("ada"))

    assert list(failed_or_stuck_runs()) == []


def test_approval_needs_attention_until_decided_or_task_is_canceled(runs: DrawRun) -> None:
    run = runs("a, b, c", requires_approval=True)
    approve(Approval.objects.get(task=task(run, "a")).pk, by=who("ada"))
    cancel(task(run, "b").pk, by=who("ada"))

    assert [approval.task.step_id for approval in undecided(Approval.objects.all())] == ["c"]


def test_disabled_runner_needs_attention_while_ready_tasks_wait_for_it(runs: DrawRun) -> None:
    gpu = RunnerFactory.create(name="gpu", is_enabled=False)
    run = runs("a, b > c", runner="gpu")
    assert problems() == [("gpu", 2, "", False)]

    pause(run.pk, by=who("ada"))
    assert problems() == []

    gpu.is_enabled = True
    gpu.save()
    runs("a", runner="gpu")
    assert problems() == []


def test_missing_default_runner_needs_attention_while_tasks_wait_for_it(
    runs: DrawRun, local: Runner
) -> None:
    runs("a")
    Runner.objects.update(is_default=False)

    assert problems() == [("None", 1, "", False)]


def test_tasks_naming_the_default_runner_are_counted_with_tasks_naming_none(
    runs: DrawRun, local: Runner
) -> None:
    Runner.objects.update(is_enabled=False)
    runs("a")
    runs("a, b", runner="local")

    assert problems() == [("local", 3, "", False)]


def test_refusing_runner_is_reported_with_its_refusal(runs: DrawRun, script: Script) -> None:
    script.refuse("scripted")
    run = runs("a, b")
    dispatch_all(run)

    assert problems() == [("scripted", 2, "runner refused: scripted: no disk space", False)]

    script.accept("scripted")
    dispatch_all(run)
    assert problems() == []


def test_runner_that_starts_nothing_for_minutes_is_silent(runs: DrawRun) -> None:
    run = runs("a, b, c")
    dispatch_all(run)
    assert problems() == []

    TaskAttempt.objects.update(dispatched_at=timezone.now() - timedelta(minutes=3))
    assert problems() == [("local", 3, "", True)]

    start(run, "a")  # now it is busy, and the others wait for their turn
    TaskAttempt.objects.filter(pk=attempt(run, "a").pk).update(
        lease_expires_at=timezone.now() + timedelta(minutes=1)
    )
    assert problems() == []


def test_started_attempt_is_overdue_once_its_lease_has_expired(runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch_all(run)
    start(run, "a")
    TaskAttempt.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert list(overdue_attempts()) == [attempt(run, "a")]


def test_counts_leave_out_what_the_reader_may_not_view(runs: DrawRun) -> None:
    fail(runs("a > b"))
    runs("a", requires_approval=True)

    assert attention_counts(lambda permission: permission == "workflows.view_approval") == {
        "approvals": 1
    }
    everything = attention_counts(lambda permission: True)
    assert everything.pop("event") > 0
    assert everything == {"runs": 1, "approvals": 1, "attempts": 0, "runners": 0}


def test_counts_of_an_empty_installation_are_zero(db: None) -> None:
    assert set(attention_counts(lambda permission: True).values()) == {0}


@pytest.mark.slow
def test_number_of_statements_does_not_grow_with_runs(runs: DrawRun) -> None:
    def cost(more: int) -> int:
        for _ in range(more):
            fail(runs("a > b"))
            runs("a", requires_approval=True)
        with CaptureQueriesContext(connection) as captured:
            assert attention_counts(lambda permission: True)["runs"] >= more
        return len(captured)

    assert cost(3) == cost(57) <= 8


@pytest.fixture
def gpu(db: None) -> Runner:
    """Return a runner whose host accepted its first attempt six minutes ago."""
    accepted = timezone.now() - timedelta(minutes=6)
    url = "http://gpu-1"
    return RunnerFactory.create(name="gpu-1", kind="http", url=url, first_submitted_at=accepted)


def uncalled() -> list[str]:
    return [str(each.runner) for each in runner_problems() if each.uncalled_since]


def test_host_of_which_no_callback_has_arrived_needs_attention(gpu: Runner) -> None:
    assert uncalled() == ["gpu-1"]
    assert attention_counts(lambda _: True)["runners"] == 1

    gpu.note_first("called_back_at")

    assert uncalled() == []


@pytest.mark.parametrize(
    "change",
    [
        {"first_submitted_at": None},
        {"first_submitted_at": timezone.now},
        {"is_enabled": False},
        {"kind": "local", "url": ""},
        {"kind": "taken-out"},
    ],
    ids=["no attempt", "just now", "disabled", "other kind", "unknown kind"],
)
def test_runner_that_need_not_have_called_back_yet_needs_none(
    gpu: Runner, change: dict[str, Any]
) -> None:
    values = {name: value() if callable(value) else value for name, value in change.items()}
    Runner.objects.filter(pk=gpu.pk).update(**values)

    assert uncalled() == []


def test_finding_hosts_that_never_called_back_takes_no_further_statement(gpu: Runner) -> None:
    with CaptureQueriesContext(connection) as captured:
        runner_problems()

    assert len(captured) == 3


def test_first_runs_are_unfinished_ones_then_those_that_failed_last(
    template: WorkflowTemplate, runs: DrawRun
) -> None:
    stuck = [fail(runs("a, b > c")) for _ in range(2)]
    failed = [fail(run_of(template, day=day)) for day in range(3)]

    assert first_failed_or_stuck_runs(4) == [*stuck[::-1], *failed[:0:-1]]
    assert first_failed_or_stuck_runs(1) == [stuck[1]]


def test_parameters_are_the_same_if_their_values_are_equal(template: WorkflowTemplate) -> None:
    failed = fail(run_of(template, day=1, days=[1, 2]))
    walk(run_of(template, day=1, days=[2, 1]), "a", "b")
    assert list(failed_or_stuck_runs()) == [failed]

    walk(run_of(template, days=[1, 2.0], day=1.0), "a", "b")

    if connection.vendor == "postgresql":  # numbers of JSON are equal by value
        assert list(failed_or_stuck_runs()) == []
