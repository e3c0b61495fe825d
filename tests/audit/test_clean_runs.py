"""The trail explains every row, whatever happens to a run."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from tests.audit.conftest import findings
from tests.factories import RunFactory, RunnerFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, start, task, walk
from workflows import operations
from workflows.audit.verify import verify_run
from workflows.errors import NotFound
from workflows.models import Approval, TaskAttempt, WorkflowRun
from workflows.operations.approvals import approve, reject
from workflows.operations.runs import cancel_rest
from workflows.operations.tasks import retry_downstream
from workflows.reports.recovery import recover_overdue
from workflows.runs.creation import create_run, create_task
from workflows.runs.lone_events import record_alone

Story = Callable[[WorkflowRun, Script], object]
BY = who("ada")


def nothing(run: WorkflowRun, script: Script) -> None:
    """Only create the run."""


def ends_well(run: WorkflowRun, script: Script) -> None:
    """Every task succeeds."""
    walk(run, "a", "b", "c")


def retried(run: WorkflowRun, script: Script) -> None:
    """A task fails and is retried."""
    dispatch_all(run)
    finish(run, "a", "failed", exit_code=2)
    operations.retry(task(run, "a").pk, by=BY)
    ends_well(run, script)


def reset(run: WorkflowRun, script: Script) -> None:
    """Retry downstream of successful tasks, some of them marked success."""
    dispatch_all(run)
    marked(run, script)
    walk(run, "b", "c")
    retry_downstream(task(run, "a").pk, by=BY)
    ends_well(run, script)


def marked(run: WorkflowRun, script: Script) -> None:
    """A failed task is marked success."""
    dispatch_all(run)
    finish(run, "a", "failed")
    operations.mark_success(task(run, "a").pk, by=BY, reason="looked fine")


def lost(run: WorkflowRun, script: Script) -> None:
    """An attempt is lost."""
    dispatch_all(run)
    script.submitted.clear()
    TaskAttempt.objects.update(lease_expires_at=timezone.now() - timedelta(days=1))
    assert recover_overdue(by=BY)["lost"]


def refused(run: WorkflowRun, script: Script) -> None:
    """Runners refuse a task at first."""
    script.refuse("scripted")
    dispatch(run)
    script.accept("scripted")
    ends_well(run, script)


def canceled(run: WorkflowRun, script: Script) -> None:
    """Active, pending and blocked tasks are canceled."""
    dispatch_all(run)
    start(run, "a")
    operations.cancel(task(run, "a").pk, by=BY)
    operations.cancel(task(run, "b").pk, by=BY)
    finish(run, "a", "canceled")
    cancel_rest(run.pk, by=BY)


def canceled_while_refused(run: WorkflowRun, script: Script) -> None:
    """A task is canceled while its runner refuses it."""

    def cancel(wire: dict[str, Any]) -> None:
        operations.cancel(int(wire["task_id"]), by=BY)

    script.on_submit = cancel
    script.refuse("a")
    dispatch(run)


def ended_although_canceled(run: WorkflowRun, script: Script) -> None:
    """A cancellation is requested too late."""
    dispatch_all(run)
    start(run, "a")
    operations.cancel(task(run, "a").pk, by=BY)
    finish(run, "a")


def aborted(run: WorkflowRun, script: Script) -> None:
    """The run is aborted while a task runs."""
    dispatch_all(run)
    start(run, "a")
    operations.abort(run.pk, by=BY)
    finish(run, "a", "canceled")


def paused(run: WorkflowRun, script: Script) -> None:
    """Tasks finish while the run is paused."""
    dispatch_all(run)
    operations.pause(run.pk, by=BY)
    finish(run, "a", "failed")
    operations.resume(run.pk, by=BY)


def held(run: WorkflowRun, script: Script) -> None:
    """A task is held and released."""
    operations.hold(task(run, "a").pk, by=BY)
    dispatch_all(run)
    operations.release(task(run, "a").pk, by=BY)
    ends_well(run, script)


def labeled(run: WorkflowRun, script: Script) -> None:
    """It has labels and a note, of which some are changed after its end."""
    operations.label(run.pk, labels={"team": "data", "stage": "test"}, by=BY)
    ends_well(run, script)
    operations.label(run.pk, labels={"team": "ops", "stage": None}, by=BY)
    operations.note(run.pk, note="all was well", by=BY)


STORIES: list[Story] = [
    nothing,
    ends_well,
    retried,
    reset,
    marked,
    lost,
    refused,
    canceled,
    canceled_while_refused,
    ended_although_canceled,
    aborted,
    paused,
    held,
    labeled,
]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
@pytest.mark.parametrize("story", STORIES)
def test_every_kind_of_history_verifies_clean(
    runs: DrawRun, script: Script, settings: Settings, story: Story, zone: str
) -> None:
    settings.TIME_ZONE = zone
    run = runs("a > b > c")
    story(run, script)
    assert findings(run) == []


def test_run_with_a_rejected_and_then_approved_task_verifies_clean(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a", requires_approval=True)
    reject(Approval.objects.get().pk, by=BY, comment="not on Fridays")
    operations.retry(task(run, "a").pk, by=BY)
    approve(Approval.objects.get(status="pending").pk, by=BY)
    walk(run, "a")
    assert findings(run) == []


def test_run_with_a_long_comment_on_a_rejection_verifies_clean(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a", requires_approval=True)
    reject(Approval.objects.get().pk, by=BY, comment="no, " * 2_000)
    assert findings(run) == []


def test_auto_dispatch_run_verifies_clean(runs: DrawRun, script: Script) -> None:
    run = runs("a > b, a > c", auto_dispatch=True)
    dispatch_all(run)
    for name in "abc":
        finish(run, name)
    assert findings(run) == []


def test_run_with_an_unrenderable_payload_verifies_clean(runs: DrawRun, script: Script) -> None:
    run = runs("a > b", payload={"prompt": "{{ params.nobody }}"})
    dispatch_all(run)
    assert attempt(run, "a").outcome == "failed"
    assert findings(run) == []


def test_run_of_existing_tasks_verifies_clean(script: Script) -> None:
    tasks = [create_task(title=name, requires_approval=name == "b", by=BY) for name in "ab"]
    operations.hold(tasks[0].pk, by=BY)
    approve(Approval.objects.get().pk, by=BY)
    run = create_run(task_ids=[task.pk for task in tasks], by=BY)
    operations.release(tasks[0].pk, by=BY)
    dispatch(run, limit=None)
    assert findings(run) == []


def test_an_unknown_run_is_refused(db: None) -> None:
    with pytest.raises(NotFound):
        verify_run(7)


def test_statements_do_not_grow_with_the_run(script: Script) -> None:
    counts = []
    for n in (2, 40):
        run = RunFactory.create(template__drawing=", ".join(f"s{i}" for i in range(n)))
        dispatch_all(run)
        with CaptureQueriesContext(connection) as queries:
            assert findings(run) == []
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_run_of_a_local_runner_verifies_clean(runs: DrawRun) -> None:
    RunnerFactory.create(name="mine", is_default=False)
    run = runs("a", runner="mine")
    dispatch_all(run)
    start(run, "a")
    finish(run, "a")
    assert findings(run) == []


def test_events_of_other_apps_and_of_no_run_do_not_disturb_the_replay(runs: DrawRun) -> None:
    run = runs("a")
    walk(run, "a")
    record_alone("schedule.fired", run_id=run.pk, by=BY)
    record_alone("schedule.noticed", task=task(run, "a"), by=BY)
    record_alone("schedule.missed", by=BY)

    assert findings(run) == []
