"""Ways round a gate, each tried by the creator of the run, who may operate and decide."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.gates.people import Person, person
from tests.gates.situations import Cast, approval, approve, build, drive, new_run, situation
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, report, states, task
from workflows import operations
from workflows.authoring.files import as_yaml
from workflows.authoring.spec import parse_template, plain
from workflows.authoring.store import replace_template, spec_of
from workflows.authoring.versions import restore_version
from workflows.errors import Conflict, NotPermitted, ReportRefused
from workflows.models import Approval, Task, WorkflowRun
from workflows.models.actor import Actor
from workflows.operations.runs import cancel_rest
from workflows.operations.tasks import retry_downstream
from workflows.runs.creation import create_run, create_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator(db: None) -> Person:
    """Return who creates the runs, and may operate and decide."""
    return person("creator")


@pytest.fixture
def other(db: None) -> Person:
    """Return another person who may operate and decide."""
    return person("other")


@pytest.fixture
def run(creator: Person) -> WorkflowRun:
    """Return a run of `build > gate > ship > tell` whose gate waits for another person."""
    run = new_run(creator, auto=False)
    build(run)
    return run


def mark(run: WorkflowRun, step_id: str, by: Person) -> Task:
    return operations.mark_success(task(run, step_id).pk, by=by.actor, reason="by hand")


def waits(run: WorkflowRun, step_id: str = "gate") -> bool:
    """Return True if machines cannot take a step any further."""
    drive(run)
    return states(run)[step_id] == "pending" and task(run, step_id).awaits_approval


def test_creator_cannot_cancel_the_gate_and_mark_it_success(
    run: WorkflowRun, creator: Person
) -> None:
    operations.cancel(task(run, "gate").pk, by=creator.actor)

    with pytest.raises(Conflict, match="was created by creator; somebody else must decide"):
        mark(run, "gate", creator)


def test_operator_cannot_mark_an_open_or_refused_gate_success(
    run: WorkflowRun, other: Person
) -> None:
    operator = person("operator")
    operations.cancel(task(run, "gate").pk, by=operator.actor)
    with pytest.raises(NotPermitted, match="needs the permission"):
        mark(run, "gate", operator)
    operations.retry(task(run, "gate").pk, by=operator.actor)
    operations.reject(approval(run).pk, by=other.actor)

    answer = operator.api.post(f"/tasks/{task(run, 'gate').pk}/mark-success", {"reason": "so"})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert states(run)["gate"] == "canceled"


def test_operator_cannot_mark_what_stands_behind_the_gate_success(run: WorkflowRun) -> None:
    operator = person("operator")
    operations.cancel(task(run, "ship").pk, by=operator.actor)

    with pytest.raises(NotPermitted):
        mark(run, "ship", operator)

    assert states(run)["tell"] == "pending"


def test_another_person_may_wave_through_what_stands_behind_the_gate(
    run: WorkflowRun, other: Person
) -> None:
    operations.cancel(task(run, "ship").pk, by=other.actor)

    mark(run, "ship", other)

    event = run.events.get(event_type="task.marked_success")
    assert event.payload == {"passed_gates": [task(run, "gate").pk]}
    assert waits(run)
    assert states(run)["tell"] == "success"


def test_canceled_gate_that_is_retried_still_waits(run: WorkflowRun, creator: Person) -> None:
    operations.cancel(task(run, "gate").pk, by=creator.actor)
    operations.retry(task(run, "gate").pk, by=creator.actor)

    assert waits(run)
    assert Approval.objects.filter(task=task(run, "gate")).count() == 1


def test_hold_release_pause_and_resume_do_not_open_the_gate(
    run: WorkflowRun, creator: Person
) -> None:
    gate = task(run, "gate").pk
    operations.hold(gate, by=creator.actor)
    operations.cancel(gate, by=creator.actor)
    operations.release(gate, by=creator.actor)
    operations.retry(gate, by=creator.actor)
    operations.pause(run.pk, by=creator.actor)
    operations.resume(run.pk, by=creator.actor)

    assert waits(run)


def test_canceling_the_rest_and_retrying_it_does_not_open_the_gate(
    run: WorkflowRun, creator: Person
) -> None:
    operations.cancel(task(run, "gate").pk, by=creator.actor)
    cancel_rest(run.pk, by=creator.actor)
    for step_id in ("gate", "ship", "tell"):
        operations.retry(task(run, step_id).pk, by=creator.actor)

    assert waits(run)


def test_aborted_run_is_not_brought_past_its_gate(run: WorkflowRun, other: Person) -> None:
    operations.abort(run.pk, by=other.actor)

    with pytest.raises(Conflict, match="is aborted"):
        mark(run, "gate", other)


@pytest.mark.parametrize("step_id", ["build", "gate"])
def test_reset_from_above_or_from_the_gate_asks_again(
    creator: Person, other: Person, step_id: str
) -> None:
    run = situation("success", creator, other)

    reset = retry_downstream(task(run, step_id).pk, by=creator.actor)

    assert [gate.step_id for gate in reset.gates] == ["gate"]
    assert waits(run)


def test_reset_from_below_does_not_ask_again(creator: Person, other: Person) -> None:
    run = situation("success", creator, other)

    retry_downstream(task(run, "ship").pk, by=creator.actor)
    drive(run)

    assert states(run)["tell"] == "success"


def test_approved_gate_behind_a_reset_asks_again(creator: Person, other: Person) -> None:
    run = new_run(creator, auto=False)
    build(run)
    approve(Cast(run, other.actor))

    retry_downstream(task(run, "build").pk, by=creator.actor)

    assert waits(run)
    assert approval(run).reason == "asked again because `build` was reset"
    asked = run.events.filter(event_type="approval.pending").latest("id")
    assert (asked.reason, asked.actor) == (approval(run).reason, "creator")


def test_dry_run_of_a_reset_asks_nobody(creator: Person, other: Person) -> None:
    run = situation("success", creator, other)

    retry_downstream(task(run, "build").pk, by=creator.actor, dry_run=True)

    assert Approval.objects.filter(status="pending").count() == 0


def test_gate_of_a_task_made_alone_asks_again_in_its_run(
    run: WorkflowRun, creator: Person, other: Person
) -> None:
    made = create_task(title="alone", requires_approval=True, by=creator.actor)
    operations.approve(Approval.objects.get(task=made).pk, by=creator.actor)
    body = {"workflow_template_id": run.template_id, "task_ids": [made.pk]}
    alone = WorkflowRun.objects.get(pk=creator.api.post("/workflow-runs", body).json()["id"])

    assert dispatch(alone).reason == "waiting for approval"
    with pytest.raises(Conflict, match="somebody else must decide"):
        operations.approve(Approval.objects.latest("id").pk, by=creator.actor)
    operations.approve(Approval.objects.latest("id").pk, by=other.actor)
    assert dispatch(alone).dispatches


def test_saying_that_another_initiated_the_run_changes_no_creator(
    run: WorkflowRun, creator: Person
) -> None:
    made = create_run(template_id=run.template_id, initiated_by="other", by=creator.actor)

    with pytest.raises(Conflict, match="somebody else must decide"):
        operations.approve(approval(made).pk, by=creator.actor)


def test_superuser_who_created_the_run_is_no_other_person(other: Person) -> None:
    root = person("superuser")
    run = new_run(root, auto=False)
    operations.cancel(task(run, "gate").pk, by=root.actor)

    with pytest.raises(Conflict, match="somebody else must decide"):
        mark(run, "gate", root)


def test_renamed_creator_and_namesake_of_the_creator_are_told_apart(
    run: WorkflowRun, creator: Person
) -> None:
    operations.cancel(task(run, "gate").pk, by=creator.actor)
    creator.user.username = "somebody"
    creator.user.save()
    with pytest.raises(Conflict):
        mark(run, "gate", creator)

    mark(run, "gate", person("creator"))

    assert states(run)["gate"] == "success"


def test_user_who_is_gone_or_inactive_may_decide_nothing(run: WorkflowRun, other: Person) -> None:
    operations.cancel(task(run, "gate").pk, by=other.actor)
    gone = Actor("987654", "gone", "web")
    other.user.is_active = False
    other.user.save()

    for by in (gone, other.actor):
        with pytest.raises(NotPermitted):
            operations.mark_success(task(run, "gate").pk, by=by, reason="so")


def without_gates(run: WorkflowRun) -> dict[str, Any]:
    assert run.template
    data = plain(spec_of(run.template))
    for step in data["steps"]:
        step.pop("requires_approval", None)
    return {**data, "approver_must_differ": False, "approval_lasts": "run"}


def test_changes_of_the_template_are_for_new_runs_only(
    run: WorkflowRun, creator: Person, other: Person, tmp_path: Path
) -> None:
    template_id = run.template_id or 0
    approve(Cast(run, other.actor))
    spec = parse_template(without_gates(run))
    replace_template(template_id, spec, by=creator.actor)
    (tmp_path / "release.yaml").write_text(as_yaml(spec))
    call_command("import_workflow", str(tmp_path / "release.yaml"), verbosity=0)
    retry_downstream(task(run, "build").pk, by=creator.actor)
    assert waits(run)

    restore_version(template_id, 1, by=creator.actor)
    assert run.template
    run.template.delete()

    assert waits(run)
    with pytest.raises(Conflict, match="somebody else must decide"):
        operations.approve(approval(run).pk, by=creator.actor)


def test_late_report_of_an_earlier_attempt_does_not_open_the_gate(
    run: WorkflowRun, creator: Person, other: Person
) -> None:
    approve(Cast(run, other.actor))
    dispatch_all(run)
    report(attempt(run, "gate"), "running")
    operations.declare_lost(task(run, "gate").pk, by=creator.actor, reason="gone")
    retry_downstream(task(run, "build").pk, by=creator.actor)
    operations.cancel(task(run, "gate").pk, by=creator.actor)

    with pytest.raises(ReportRefused):
        finish(run, "gate")

    assert states(run)["gate"] == "canceled"
