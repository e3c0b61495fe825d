"""A run that repeats another: its parameters, its version or the latest, and its secrets."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from tests.factories import TaskFactory, UserFactory
from tests.support.actors import who
from tests.support.verbs import dispatch_all, finish, states
from workflows import operations
from workflows.audit.verify import verify_run
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import TaskDependency, WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor
from workflows.payloads.secrets import readable_parameters
from workflows.runs.again import Again
from workflows.runs.creation import create_run

ANNA = who("anna")
SCHEMA: dict[str, Any] = {
    "properties": {
        "day": {"type": "string"},
        "copies": {"type": "integer", "default": 2},
        "token": {"type": "string", "writeOnly": True},
    },
    "required": ["day", "token"],
}


def step(name: str, *upstream: str, **more: Any) -> dict[str, Any]:
    payload = {"command": ["echo", name]}
    return {"step_id": name, "title": name, "depends_on": [*upstream], "payload": payload, **more}


FIRST = {
    "name": "nightly",
    "parameters_schema": SCHEMA,
    "approver_must_differ": True,
    "steps": [step("a"), step("b", "a", requires_approval=True), step("c", "a", "b")],
}
SECOND = {**FIRST, "approver_must_differ": False, "steps": [step("a"), step("x")]}


@pytest.fixture
def template(db: None) -> WorkflowTemplate:
    """Return a template with parameters, of which one is secret."""
    return create_template(parse_template(FIRST))


def edges(run: WorkflowRun) -> set[tuple[str | None, str | None]]:
    found = TaskDependency.objects.filter(task__run=run).select_related("task", "depends_on")
    return {(edge.task.step_id, edge.depends_on.step_id) for edge in found}


def first_run(template: WorkflowTemplate, by: Actor = ANNA) -> WorkflowRun:
    parameters = {"day": "monday", "token": "s3cret-token"}
    return create_run(template_id=template.pk, parameters=parameters, by=by)


def may_reuse(user: User) -> Actor:
    user.user_permissions.add(Permission.objects.get(codename="reuse_secrets"))
    return Actor.of(user, via="API")


def test_run_is_repeated_with_its_version_and_parameters(template: WorkflowTemplate) -> None:
    earlier = first_run(template)
    replace_template(template.pk, parse_template(SECOND))

    run = create_run(again=Again(earlier.pk), by=ANNA)

    assert (run.again_of, run.template_id, run.template_version) == (earlier.pk, template.pk, 1)
    assert run.parameters == {"day": "monday", "copies": 2, "token": "********"}
    assert readable_parameters(run) == {"token": "s3cret-token"}
    assert run.approver_must_differ
    assert states(run) == dict.fromkeys("abc", "pending")
    assert edges(run) == edges(earlier) == {("b", "a"), ("c", "a"), ("c", "b")}
    same = ("step_id", "position", "payload", "unmet_count", "awaits_approval")
    assert list(run.tasks.order_by("position").values(*same)) == list(
        earlier.tasks.order_by("position").values(*same)
    )
    assert not verify_run(run.pk)


def test_copied_tasks_begin_anew(template: WorkflowTemplate) -> None:
    earlier = first_run(template)
    dispatch_all(earlier)
    finish(earlier, "a")
    earlier.refresh_from_db()

    run = create_run(again=Again(earlier.pk), by=ANNA)

    assert list(run.tasks.values_list("state", "attempt_count", "unmet_count")) == [
        ("pending", 0, 0),
        ("pending", 0, 2),
        ("pending", 0, 2),
    ]
    assert run.task_counts["pending"] == 3


def test_latest_version_is_taken_if_asked_for(template: WorkflowTemplate) -> None:
    earlier = first_run(template)
    replace_template(template.pk, parse_template(SECOND))

    run = create_run(again=Again(earlier.pk, latest=True), by=ANNA)

    assert (run.template_version, run.approver_must_differ) == (2, False)
    assert states(run) == dict.fromkeys("ax", "pending")


def test_parameters_override_single_ones(template: WorkflowTemplate) -> None:
    again = Again(first_run(template).pk)
    run = create_run(again=again, parameters={"day": "sunday", "token": "new-token"}, by=ANNA)
    assert run.parameters == {"day": "sunday", "copies": 2, "token": "********"}
    assert readable_parameters(run) == {"token": "new-token"}


def test_parameters_are_checked_by_the_version_that_is_run(template: WorkflowTemplate) -> None:
    earlier = first_run(template)
    schema = {**SCHEMA, "properties": {**SCHEMA["properties"], "day": {"type": "integer"}}}
    replace_template(template.pk, parse_template({**FIRST, "parameters_schema": schema}))

    create_run(again=Again(earlier.pk), by=ANNA)
    with pytest.raises(Invalid) as caught:
        create_run(again=Again(earlier.pk, latest=True), by=ANNA)
    [problem] = caught.value.fields["parameters"]
    assert problem.startswith("day: 'monday' is not a whole number; write a whole number")


def test_secrets_are_copied_for_the_same_person_or_with_a_permission_only(
    template: WorkflowTemplate,
) -> None:
    ada, bob = (UserFactory.create(username=name) for name in ("ada", "bob"))
    earlier = first_run(template, by=Actor.of(ada, via="API"))
    again, bobs = Again(earlier.pk), Actor.of(bob, via="API")

    with pytest.raises(Invalid) as caught:
        create_run(again=again, by=bobs)

    asked = f"token: give it again: it is secret, and ada has given it to {earlier}"
    assert caught.value.fields == {"parameters": [asked]}
    created = [
        create_run(again=again, parameters={"token": "bobs-token"}, by=bobs),
        create_run(again=again, by=Actor.of(ada, via="web")),
        create_run(again=again, by=may_reuse(UserFactory.create())),
    ]
    assert [readable_parameters(run)["token"] for run in created] == [
        "bobs-token",
        "s3cret-token",
        "s3cret-token",
    ]


def test_secret_that_is_none_in_the_latest_version_is_not_shown(
    template: WorkflowTemplate,
) -> None:
    earlier = first_run(template)
    schema = {"properties": {"day": {"type": "string"}, "token": {"type": "string"}}}
    replace_template(template.pk, parse_template({**FIRST, "parameters_schema": schema}))
    run = create_run(again=Again(earlier.pk, latest=True), by=ANNA)
    assert run.parameters == {"day": "monday", "copies": 2}


@pytest.mark.parametrize("closed", ["additionalProperties", "unevaluatedProperties"])
def test_parameters_that_the_latest_version_excludes_are_left_out(
    template: WorkflowTemplate, closed: str
) -> None:
    earlier = first_run(template)
    schema = {"properties": {"day": {"type": "string"}}, closed: False}
    replace_template(template.pk, parse_template({**FIRST, "parameters_schema": schema}))
    again = Again(earlier.pk, latest=True)

    run = create_run(again=again, by=ANNA)

    assert run.parameters == {"day": "monday"}
    assert set(run.left_out) == {"copies", "token"}
    # What is given now is no matter of the earlier run: it is compared with the schema as ever.
    with pytest.raises(Invalid, match="copies"):
        create_run(again=again, parameters={"copies": 3}, by=ANNA)
    assert not create_run(again=Again(earlier.pk), by=ANNA).left_out


def test_parameters_that_the_latest_version_does_not_name_but_takes_are_kept(
    template: WorkflowTemplate,
) -> None:
    earlier = first_run(template)
    schema = {"properties": {"day": {"type": "string"}}}
    replace_template(template.pk, parse_template({**FIRST, "parameters_schema": schema}))

    run = create_run(again=Again(earlier.pk, latest=True), by=ANNA)

    assert run.parameters == {"day": "monday", "copies": 2}
    assert run.left_out == ["token"]


def test_what_cannot_be_repeated_is_refused(template: WorkflowTemplate) -> None:
    earlier = first_run(template)
    of_tasks = create_run(task_ids=[TaskFactory.create().pk], by=ANNA)
    for wanted, refusal, text in (
        ({"again": Again(987654)}, NotFound, "workflow run 987654 not found"),
        ({"again": Again(2**70)}, NotFound, "not found"),
        ({"again": Again(of_tasks.pk)}, Invalid, "was made of existing tasks"),
        ({"again": Again(earlier.pk), "template_id": template.pk}, Invalid, "Leave it out"),
        ({"again": Again(earlier.pk), "task_ids": [1]}, Invalid, "Leave it out"),
    ):
        with pytest.raises(refusal) as caught:
            create_run(**wanted, by=ANNA)
        assert text in str(getattr(caught.value, "fields", caught.value))
    template.delete()
    with pytest.raises(Conflict, match=r"the template of workflow run .* was deleted"):
        create_run(again=Again(earlier.pk), by=ANNA)


def test_trigger_is_kept_and_covered_by_the_trail(template: WorkflowTemplate) -> None:
    trigger = {"kind": "schedule", "id": 3, "name": "nightly", "moment": "2026-01-31T02:00:00Z"}
    parameters = {"day": "monday", "token": "s3cret-token"}
    run = create_run(template_id=template.pk, parameters=parameters, trigger=trigger, by=ANNA)
    assert not verify_run(run.pk)
    WorkflowRun.objects.filter(pk=run.pk).update(trigger=None)
    assert verify_run(run.pk)


def test_repeated_run_works_to_its_end(template: WorkflowTemplate) -> None:
    run = create_run(again=Again(first_run(template).pk), by=ANNA)
    dispatch_all(run)
    finish(run, "a")
    operations.approve(run.tasks.get(step_id="b").approvals.get().pk, by=who("bob"))
    for name in "bc":
        dispatch_all(run)
        finish(run, name)
    assert states(run) == dict.fromkeys("abc", "success")
    assert not verify_run(run.pk)
