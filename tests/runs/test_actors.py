"""Each event says which user acted and which way, whatever writes it."""

import pytest

from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, events, start, task
from workflows import operations
from workflows.models import Event, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.creation import create_run, create_task

ADA = Actor("7", "ada", "API")


def actors(run: WorkflowRun) -> set[tuple[str, str, str]]:
    return {(each.actor_user, each.actor, each.actor_via) for each in events(run)}


@pytest.mark.django_db
def test_task_outside_of_a_run_says_who_made_it() -> None:
    create_task(title="alone", by=ADA, requires_approval=True)
    stored = Event.objects.values_list("actor_user", "actor", "actor_via")
    assert [*stored] == [("7", "ada", "API")] * 2


def test_every_event_of_creation_and_dispatch_names_user_and_way(runs: DrawRun) -> None:
    template = runs("a, b", requires_approval=True).template_id
    run = create_run(template_id=template, by=ADA)
    operations.dispatch_ready(run.pk, by=ADA)
    operations.hold(task(run, "a").pk, by=ADA)

    assert [each.event_type for each in events(run)] == [
        "workflow_run.created",
        "task.created",
        "task.created",
        "approval.pending",
        "approval.pending",
        "dispatch.nothing_ready",
        "task.held",
    ]
    assert actors(run) == {("7", "ada", "API")}


def test_request_to_cancel_names_user_and_way(runs: DrawRun) -> None:
    run = runs("a")
    operations.dispatch_ready(run.pk, by=ADA)
    start(run, "a")
    operations.cancel(attempt(run, "a").task_id, by=ADA, reason="enough")

    asked = run.events.get(event_type="task.cancel_requested")
    assert (asked.actor_user, asked.actor, asked.actor_via) == ("7", "ada", "API")


def test_fruitless_calls_of_two_users_with_one_name_are_not_folded(runs: DrawRun) -> None:
    run = runs("a", requires_approval=True)
    for user in ("7", "7", "8"):
        operations.dispatch_ready(run.pk, by=Actor(user, "ada", "API"))

    folded = run.events.filter(event_type="dispatch.nothing_ready")
    assert [(each.actor_user, each.payload["count"]) for each in folded] == [("7", 2), ("8", 1)]
