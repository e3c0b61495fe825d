"""What needs a person's hand, and what does not."""

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
    broken_runs,
    counts,
    idle_runners,
    overdue_attempts,
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


def idle() -> list[tuple[str, int, str, bool]]:
    return [
        (str(each.runner), each.tasks, each.why.split(" (last tried")[0], bool(each.since))
        for each in idle_runners()
    ]


def test_a_failed_run_needs_a_hand_until_a_later_one_has_done_it(
    template: WorkflowTemplate,
) -> None:
    failed = fail(run_of(template, day=1))
    later = run_of(template, day=1)
    assert list(broken_runs()) == [failed]

    walk(later, "a", "b")

    assert list(broken_runs()) == []


def test_a_success_with_other_parameters_or_before_makes_good_for_nothing(
    template: WorkflowTemplate,
) -> None:
    walk(run_of(template, day=1), "a", "b")
    failed = fail(run_of(template, day=1))
    walk(run_of(template, day=2), "a", "b")
    walk(run_of(TemplateFactory.create(drawing="a"), day=1), "a")

    assert list(broken_runs()) == [failed]


def test_what_failed_long_ago_is_history(template: WorkflowTemplate) -> None:
    old = fail(run_of(template))
    WorkflowRun.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=8))

    assert list(broken_runs()) == []


def test_a_paused_run_needs_a_hand_once_something_in_it_has_failed(runs: DrawRun) -> None:
    run, well = runs("a > b, c"), runs("a > b")
    for each in (run, well):
        dispatch_all(each)
        pause(each.pk, by=who("ada"))
    assert list(broken_runs()) == []

    finish(run, "a", "failed")
    assert list(broken_runs()) == [run]

    retry(task(run, "a").pk, by=who("ada"))
    assert list(broken_runs()) == []


def test_a_failure_needs_a_hand_although_other_branches_go_on(runs: DrawRun) -> None:
    run = runs("a > b, c")
    dispatch_all(run)
    start(run, "c")
    assert list(broken_runs()) == []

    finish(run, "a", "failed")
    assert list(broken_runs()) == [run]

    retry(task(run, "a").pk, by=who("ada"))
    assert list(broken_runs()) == []


def test_an_aborted_run_needs_no_hand_whatever_failed_in_it(runs: DrawRun) -> None:
    run = runs("a > b, c")
    dispatch_all(run)
    finish(run, "a", "failed")
    abort(run.pk, by=who("ada"))

    assert list(broken_runs()) == []


def test_an_approval_needs_a_hand_until_it_is_decided_or_needless(runs: DrawRun) -> None:
    run = runs("a, b, c", requires_approval=True)
    approve(Approval.objects.get(task=task(run, "a")).pk, by=who("ada"))
    cancel(task(run, "b").pk, by=who("ada"))

    assert [approval.task.step_id for approval in undecided(Approval.objects.all())] == ["c"]


def test_a_disabled_runner_needs_a_hand_while_ready_tasks_wait_for_it(runs: DrawRun) -> None:
    gpu = RunnerFactory.create(name="gpu", is_enabled=False)
    run = runs("a, b > c", runner="gpu")
    assert idle() == [("gpu", 2, "", False)]

    pause(run.pk, by=who("ada"))
    assert idle() == []

    gpu.is_enabled = True
    gpu.save()
    runs("a", runner="gpu")
    assert idle() == []


def test_without_a_default_runner_steps_that_name_none_wait(runs: DrawRun, local: Runner) -> None:
    runs("a")
    Runner.objects.update(is_default=False)

    assert idle() == [("None", 1, "", False)]


def test_steps_that_name_the_default_runner_are_counted_with_those_that_do_not(
    runs: DrawRun, local: Runner
) -> None:
    Runner.objects.update(is_enabled=False)
    runs("a")
    runs("a, b", runner="local")

    assert idle() == [("local", 3, "", False)]


def test_a_runner_that_refuses_is_named_with_what_it_said(runs: DrawRun, script: Script) -> None:
    script.refuse("scripted")
    run = runs("a, b")
    dispatch_all(run)

    assert idle() == [("scripted", 2, "runner refused: scripted: no disk space", False)]

    script.accept("scripted")
    dispatch_all(run)
    assert idle() == []


def test_a_runner_is_silent_if_it_starts_nothing_for_minutes(runs: DrawRun) -> None:
    run = runs("a, b, c")
    dispatch_all(run)
    assert idle() == []

    TaskAttempt.objects.update(dispatched_at=timezone.now() - timedelta(minutes=3))
    assert idle() == [("local", 3, "", True)]

    start(run, "a")  # now it is busy, and the others wait for their turn
    TaskAttempt.objects.filter(pk=attempt(run, "a").pk).update(
        lease_expires_at=timezone.now() + timedelta(minutes=1)
    )
    assert idle() == []


def test_an_attempt_is_overdue_if_it_was_begun_and_nobody_answers_for_it(runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch_all(run)
    start(run, "a")
    TaskAttempt.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert list(overdue_attempts()) == [attempt(run, "a")]


def test_the_counts_are_those_that_the_reader_may_see(runs: DrawRun) -> None:
    fail(runs("a > b"))
    runs("a", requires_approval=True)

    assert counts(lambda permission: permission == "workflows.view_approval") == {"approvals": 1}
    everything = counts(lambda permission: True)
    assert everything.pop("event") > 0
    assert everything == {"runs": 1, "approvals": 1, "attempts": 0, "runners": 0}


def test_the_counts_of_an_empty_installation_are_zero(db: None) -> None:
    assert set(counts(lambda permission: True).values()) == {0}


def test_sixty_runs_are_counted_with_as_many_statements_as_three(runs: DrawRun) -> None:
    def cost(more: int) -> int:
        for _ in range(more):
            fail(runs("a > b"))
            runs("a", requires_approval=True)
        with CaptureQueriesContext(connection) as captured:
            assert counts(lambda permission: True)["runs"] >= more
        return len(captured)

    assert cost(3) == cost(57) <= 8
