"""Where somebody else must approve, users are told apart by their keys, never by their names."""

import pytest
from django.contrib.auth.models import User

from tests.factories import RunFactory, UserFactory
from workflows.errors import Conflict
from workflows.models import Approval, Event, WorkflowRun
from workflows.models.actor import LONGEST_NAME, Actor
from workflows.operations.approvals import approve

LONG = "x" * (LONGEST_NAME - len("@example.org")) + "@example.org"
COMMAND = Actor(name="command line (root)", via="command")

pytestmark = pytest.mark.django_db


def on_the_web(user: User) -> Actor:
    return Actor.of(user, via="web")


def gated_run(by: Actor) -> WorkflowRun:
    run = RunFactory.create(template__drawing="a", template__requires_approval=True, by=by)
    WorkflowRun.objects.filter(pk=run.pk).update(approver_must_differ=True)
    return run


def decide(run: WorkflowRun, by: Actor) -> Approval:
    return approve(Approval.objects.get(task__run=run).pk, by=by)


def test_creator_may_not_approve() -> None:
    ada = on_the_web(UserFactory.create(username="ada"))
    with pytest.raises(Conflict, match="was created by ada; somebody else must decide"):
        decide(gated_run(ada), ada)


def test_creator_who_was_renamed_since_may_not_approve() -> None:
    ada = UserFactory.create(username="ada")
    run = gated_run(on_the_web(ada))
    ada.username = "lovelace"

    with pytest.raises(Conflict):
        decide(run, on_the_web(ada))


def test_creator_may_not_approve_by_another_door() -> None:
    ada = UserFactory.create()
    with pytest.raises(Conflict):
        decide(gated_run(Actor.of(ada, via="API")), Actor.of(ada, via="chat"))


def test_another_user_with_the_same_visible_name_may_approve() -> None:
    run = gated_run(Actor("7", "ada", "web"))

    decided = decide(run, Actor("8", "ada", "web"))

    assert (decided.decided_by, decided.decided_by_user) == ("ada", "8")


def test_user_who_takes_over_the_name_of_a_deleted_creator_may_approve() -> None:
    ada = UserFactory.create(username="ada")
    run = gated_run(on_the_web(ada))
    ada.delete()

    assert decide(run, on_the_web(UserFactory.create(username="ada"))).decided_by == "ada"


def test_names_are_compared_if_no_key_of_the_creator_is_stored() -> None:
    run = gated_run(Actor(name="ada"))

    with pytest.raises(Conflict):
        decide(run, on_the_web(UserFactory.create(username="ada")))
    assert decide(run, on_the_web(UserFactory.create(username="bob"))).decided_by == "bob"


def test_run_of_a_command_is_approved_by_any_user() -> None:
    decided = decide(gated_run(COMMAND), on_the_web(UserFactory.create(username="root")))

    assert decided.decided_by == "root"


def test_user_with_a_key_like_a_name_is_nobody_else() -> None:
    with pytest.raises(Conflict):
        decide(gated_run(Actor("7", "ada", "web")), Actor("7", "7", "web"))


def test_names_as_long_as_addresses_are_stored_whole_in_the_trail() -> None:
    run = gated_run(Actor("1", LONG, "web"))
    decided = decide(run, Actor("2", f"y{LONG[1:]}", "web"))

    created = Event.objects.get(event_type="workflow_run.created")
    assert (created.actor, created.actor_user, created.actor_via) == (LONG, "1", "web")
    assert run.creator.name == WorkflowRun.objects.get(pk=run.pk).creator.name == LONG
    assert run.initiated_by == f"{LONG[:149]}…"
    assert decided.decided_by == f"y{LONG[1:]}"


def test_longer_name_is_cut_and_its_user_still_told_apart() -> None:
    longer = f"{LONG}.long"
    run = gated_run(Actor("1", longer, "web"))

    with pytest.raises(Conflict):
        decide(run, Actor("1", longer, "web"))
    decided = decide(run, Actor("2", longer, "web"))

    assert decided.decided_by == f"{LONG[:-1]}…"
