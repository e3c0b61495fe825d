"""A run that waits for another says so everywhere, with the same words."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from tests.dispatch.test_places import ADA, limited, started
from tests.factories import UserFactory
from tests.support.verbs import dispatch, state
from workflows import operations
from workflows.insight.explain import explain
from workflows.insight.situation import sentence_on
from workflows.models import WorkflowRun
from workflows.operations.start import start_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair(script: Any) -> tuple[WorkflowRun, WorkflowRun]:
    """Return a run that has the place, and one that waits for it."""
    template = limited()
    return started(template), started(template)


def test_one_sentence_everywhere(pair: tuple[WorkflowRun, WorkflowRun]) -> None:
    first, second = pair
    waits = f"Waiting for workflow run {first.pk}: at most 1 at a time."
    assert sentence_on(second.pk) == f"{waits} It goes on by itself once it has a place."
    assert explain(second.pk)["sentence"] == sentence_on(second.pk)
    reasons = {each["step_id"]: each["reason"] for each in explain(second.pk)["blocked"]}
    assert reasons["a"] == f"waiting for workflow run {first.pk}" == dispatch(second).reason
    user = UserFactory.create(is_staff=True, is_superuser=True)
    api, admin = APIClient(), Client()
    api.force_authenticate(user)
    admin.force_login(user)
    answer = api.get(f"/workflow-runs/{second.pk}").json()
    assert (answer["waiting_for"], answer["sentence"]) == (first.pk, sentence_on(second.pk))
    [listed] = api.get("/workflow-runs?waiting=true").json()["results"]
    assert (listed["id"], listed["priority"]) == (second.pk, 0)
    for address in (f"/admin/workflows/workflowrun/{second.pk}/change/", "/admin/"):
        assert waits.rstrip(".") in admin.get(address).content.decode()
    answer = api.post(f"/workflow-runs/{second.pk}/dispatch-ready").json()
    assert answer["reason"] == f"waiting for workflow run {first.pk}"


def test_paused_run_says_that_it_keeps_its_place(pair: tuple[WorkflowRun, WorkflowRun]) -> None:
    operations.pause(pair[0].pk, by=ADA)
    assert "; it keeps its place: at most 1 at a time; " in sentence_on(pair[0].pk)


def test_lock_is_named(script: Any) -> None:
    one, other = (limited("a", locks=["production-db"]) for _ in range(2))
    first, second = started(one), start_run(other, by=ADA)
    assert sentence_on(second.pk) == (
        f"Waiting for workflow run {first.pk}: both need production-db. "
        "Dispatch again once that one has ended."
    )


def test_priority_is_taken_by_the_api_and_checked(script: Any) -> None:
    template, client = limited(), APIClient()
    client.force_authenticate(UserFactory.create(is_superuser=True))
    body = {"workflow_template_id": template.pk, "priority": 7}
    assert client.post("/workflow-runs", body, format="json").json()["priority"] == 7
    refused = client.post("/workflow-runs", {**body, "priority": 10**9}, format="json")
    assert (refused.status_code, [*refused.json()]) == (400, ["priority"])


def test_command_that_does_not_wait_aborts_its_run(script: Any) -> None:
    template = limited()
    first, errors, output = started(template), StringIO(), StringIO()
    with pytest.raises(SystemExit, match="2"):
        call_command("run_workflow", f"#{template.pk}", no_wait=True, stdout=output, stderr=errors)
    assert f"waiting for workflow run {first.pk}: at most 1 at a time." in errors.getvalue()
    assert state(WorkflowRun.objects.latest("pk")) == "aborted"
