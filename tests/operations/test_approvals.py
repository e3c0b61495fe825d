"""A task that requires approval waits for it; each approval is decided once."""

import pytest
from django.utils import timezone

from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun, steps_of
from tests.support.verbs import (
    dispatch,
    dispatch_all,
    dispatch_some,
    finish,
    state,
    states,
    task,
    trail,
)
from workflows import operations
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.errors import Conflict, NotFound
from workflows.models import Approval, Task, WorkflowRun
from workflows.operations.approvals import approve, reject
from workflows.runs.creation import create_run, create_task


def gated(drawing: str, *step_ids: str, **template: object) -> WorkflowRun:
    """Make a run in which these steps need an approval."""
    steps = [
        {**step, "requires_approval": step["step_id"] in step_ids} for step in steps_of(drawing)
    ]
    made = create_template(parse_template({"name": "gated", "steps": steps, **template}))
    return create_run(template_id=made.pk, by=who("ada"))


def approval_of(run: WorkflowRun, step_id: str) -> Approval:
    """Return the latest approval that a task waits or waited for."""
    return Approval.objects.filter(task=task(run, step_id)).latest("id")


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Every test here needs one."""


def test_task_waiting_for_approval_does_not_block_later_tasks() -> None:
    run = gated("a, b", "a")
    assert dispatch_all(run) == ["b"]
    assert dispatch(run).reason == "waiting for approval"
    assert trail(run)[0] == "approval.pending a"


def test_approved_task_is_dispatched() -> None:
    run = gated("a", "a")
    approve(approval_of(run, "a").pk, by=who("bob"), comment="looks good")
    assert dispatch_all(run) == ["a"]
    decided = approval_of(run, "a")
    assert (decided.status, decided.decided_by, decided.comment) == (
        "approved",
        "bob",
        "looks good",
    )
    event = run.events.get(event_type="approval.approved")
    assert (event.actor, event.reason, event.task) == ("bob", "looks good", task(run, "a"))


def test_reason_names_dependencies_before_approval() -> None:
    run = gated("a > b, c", "b", "c")
    assert dispatch_all(run) == ["a"]
    assert dispatch(run).reason == "dependencies not satisfied"
    finish(run, "a")
    assert dispatch(run).reason == "waiting for approval"


def test_early_approval_counts_once_dependencies_are_done() -> None:
    run = gated("a > b", "b")
    approve(approval_of(run, "b").pk, by=who("bob"))
    assert dispatch_all(run) == ["a"]
    finish(run, "a")
    assert dispatch_all(run) == ["b"]


def test_rejection_cancels_task_and_blocks_what_follows() -> None:
    run = gated("a > b", "a")
    reject(approval_of(run, "a").pk, by=who("bob"), comment="not today")
    assert states(run) == {"a": "canceled", "b": "pending"}
    assert state(run) == "failed"
    assert trail(run)[1:] == [
        "approval.rejected a",
        "task.canceled a",
        "workflow_run.running",
        "workflow_run.failed",
        "workflow_run.deadlocked",
    ]
    assert task(run, "a").note == "rejected by bob: not today"


def test_retry_after_rejection_requests_approval_again() -> None:
    run = gated("a", "a")
    reject(approval_of(run, "a").pk, by=who("bob"))
    operations.retry(task(run, "a").pk, by=who("ada"))
    assert dispatch(run).reason == "waiting for approval"
    approve(approval_of(run, "a").pk, by=who("bob"))
    assert dispatch_all(run) == ["a"]
    assert Approval.objects.count() == 2


def test_retry_after_failure_does_not_request_approval_again() -> None:
    run = gated("a", "a")
    approve(approval_of(run, "a").pk, by=who("bob"))
    dispatch(run)
    finish(run, "a", "failed")
    operations.retry(task(run, "a").pk, by=who("ada"))
    assert dispatch_all(run) == ["a"]


@pytest.mark.parametrize("first", [approve, reject])
@pytest.mark.parametrize("second", [approve, reject])
def test_second_decision_is_refused(first: object, second: object) -> None:
    run = gated("a", "a")
    approval = approval_of(run, "a")
    first(approval.pk, by=who("bob"))  # type: ignore[operator]
    before = run.events.count()
    with pytest.raises(Conflict, match=f"approval {approval.pk} is (approved|rejected)"):
        second(approval.pk, by=who("eve"))  # type: ignore[operator]
    assert run.events.count() == before
    assert approval_of(run, "a").decided_by == "bob"


def test_approval_of_canceled_task_is_refused() -> None:
    run = gated("a, b", "a")
    operations.cancel(task(run, "a").pk, by=who("ada"))
    with pytest.raises(Conflict, match="is canceled"):
        approve(approval_of(run, "a").pk, by=who("bob"))


def test_unknown_approval_is_not_found() -> None:
    with pytest.raises(NotFound, match="approval 999 not found"):
        approve(999, by=who("bob"))


def test_creator_is_refused_where_approver_must_differ() -> None:
    run = gated("a", "a", approver_must_differ=True)
    with pytest.raises(Conflict, match="was created by ada; somebody else must decide"):
        approve(approval_of(run, "a").pk, by=who("ada"))
    approve(approval_of(run, "a").pk, by=who("bob"))
    assert dispatch_all(run) == ["a"]


def test_approval_in_auto_dispatch_run_dispatches_task() -> None:
    run = gated("a > b", "b")
    WorkflowRun.objects.filter(pk=run.pk).update(auto_dispatch=True)
    dispatch(run)
    finish(run, "a")
    approve(approval_of(run, "b").pk, by=who("bob"))
    assert states(run) == {"a": "success", "b": "dispatched"}


def test_approval_dispatches_even_if_first_dispatch_found_nothing_ready() -> None:
    run = gated("a > b", "a")
    WorkflowRun.objects.filter(pk=run.pk).update(auto_dispatch=True)
    assert dispatch(run).reason == "dependencies not satisfied"
    approve(approval_of(run, "a").pk, by=who("bob"))
    assert states(run) == {"a": "dispatched", "b": "pending"}


def test_approval_of_ready_task_reopens_run_that_earlier_release_failed() -> None:
    run = gated("a, b", "b")
    dispatch(run)
    finish(run, "a", "failed")
    assert state(run) == "running"
    WorkflowRun.objects.filter(pk=run.pk).update(state="failed", finished_at=timezone.now())
    approve(approval_of(run, "b").pk, by=who("bob"))
    assert state(run) == "running"
    assert dispatch_some(run, 1) == ["b"]


def test_task_created_alone_waits_for_approval_in_its_run() -> None:
    made = create_task(title="alone", requires_approval=True, by=who("ada"))
    run = create_run(task_ids=[made.pk], by=who("ada"))
    assert dispatch(run).reason == "waiting for approval"
    approve(Approval.objects.get(task=made).pk, by=who("bob"))
    assert dispatch(run).dispatches[0].task_id == made.pk


def test_run_without_gates_requests_no_approval(runs: DrawRun) -> None:
    runs("a > b")
    RunFactory.create(template=TemplateFactory.create())
    assert not Approval.objects.exists()
    assert not Task.objects.filter(awaits_approval=True).exists()
