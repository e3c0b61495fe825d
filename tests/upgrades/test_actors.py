"""Who created a run before there were keys of users, and processes that still write names alone."""

import pytest
from django.apps.registry import Apps
from django.contrib.auth.models import User
from django.db import connection, connections

from tests.factories import UserFactory
from tests.upgrades.conftest import Rows, to_latest
from workflows.errors import Conflict
from workflows.models import Approval, Event, LogPiece, WorkflowRun
from workflows.models.actor import Actor
from workflows.operations.approvals import approve

# All migrations: what is cut off leaves the tests after it an old database.
pytestmark = pytest.mark.timeout(600)

GATED_RUN, GATE = 11, 1
"""A run of `ada` that waits for an approval, which must be another person's."""
READ_BY_EXECUTORS = ("Task", "TaskAttempt", "WorkflowRun")


def on_the_web(user: User) -> Actor:
    return Actor.of(user, via="web")


def test_rows_from_before_name_no_user_and_no_time_of_printing(upgraded: Rows) -> None:
    assert {*Event.objects.values_list("actor_user", "actor_via", "digest")} == {("", "", None)}
    assert {*LogPiece.objects.values_list("at", flat=True)} == {None}
    assert {*Approval.objects.values_list("decided_by_user", flat=True)} == {""}


def test_creator_who_is_renamed_after_the_upgrade_may_not_approve(first_release: Apps) -> None:
    ada = UserFactory.create(username="ada")
    to_latest()
    ada.username = "lovelace"
    ada.save()

    with pytest.raises(Conflict, match="somebody else must decide"):
        approve(GATE, by=on_the_web(ada))

    assert WorkflowRun.objects.get(pk=GATED_RUN).created_by_user == str(ada.pk)
    assert approve(GATE, by=on_the_web(UserFactory.create(username="ada"))).decided_by == "ada"


def test_name_of_a_creator_who_was_deleted_before_the_upgrade_is_refused(upgraded: Rows) -> None:
    successor = UserFactory.create(username="ada")

    with pytest.raises(Conflict, match="somebody else must decide"):
        approve(GATE, by=on_the_web(successor))

    assert approve(GATE, by=on_the_web(UserFactory.create(username="bob"))).decided_by == "bob"


def test_processes_of_the_first_release_write_names_alone(first_release: Apps) -> None:
    to_latest()
    before = {
        name: first_release.get_model(f"workflows.{name}")
        for name in ("Event", "WorkflowRun", "LogPiece", "TaskAttempt", "Approval")
    }

    run = before["WorkflowRun"].objects.create(created_by="ada")
    before["Event"].objects.create(event_type="workflow_run.created", run=run, actor="ada")
    attempt = before["TaskAttempt"].objects.first()
    before["LogPiece"].objects.create(attempt=attempt, offset=999, text="printed now")
    before["Approval"].objects.filter(pk=GATE).update(status="approved", decided_by="bob")

    assert WorkflowRun.objects.get(pk=run.pk).creator == Actor(name="ada")
    event = Event.objects.latest("id")
    assert (event.actor, event.actor_user, event.actor_via, event.digest) == ("ada", "", "", None)
    assert LogPiece.objects.get(offset=999).at
    assert Approval.objects.get(pk=GATE).decided_by_user == ""


@pytest.mark.postgres
def test_prepared_statements_of_running_executors_survive_the_upgrade(first_release: Apps) -> None:
    models = [first_release.get_model(f"workflows.{name}") for name in READ_BY_EXECUTORS]
    statements = [str(model.objects.order_by("pk").query) for model in models]
    other = connections[connection.alias].copy()

    def read() -> list[int]:
        with other.cursor() as cursor:
            return [len(cursor.execute(each).fetchall()) for each in statements]

    try:
        before = [read() for _ in range(10)][-1]  # prepared by now
        to_latest()
        assert read() == before
    finally:
        other.close()
