"""`/approvals`."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.api.conftest import ids
from tests.factories import UserFactory
from tests.operations.test_approvals import approval_of, gated
from tests.support.verbs import events, states, task, trail
from workflows.models import Approval, WorkflowRun


@pytest.fixture
def run(db: None) -> WorkflowRun:
    return gated("a, b", "a")


@pytest.fixture
def path(run: WorkflowRun) -> str:
    return f"/approvals/{approval_of(run, 'a').pk}"


def test_pending_approval_names_its_task(api: APIClient, run: WorkflowRun, path: str) -> None:
    found = api.get(path).json()

    assert found == {
        "id": approval_of(run, "a").pk,
        "status": "pending",
        "task_id": task(run, "a").pk,
        "run_id": run.pk,
        "step_id": "a",
        "title": "a",
        "reason": "",
        "decided_by": "",
        "comment": "",
        "created_at": found["created_at"],
        "decided_at": None,
    }
    waiting = api.get(f"/tasks/{task(run, 'a').pk}").json()
    assert (waiting["requires_approval"], waiting["awaits_approval"]) == (True, True)


def test_approvals_are_filtered_by_status_run_and_task(
    api: APIClient, run: WorkflowRun, path: str
) -> None:
    other = gated("x > y", "x", "y")
    api.post(f"{path}/approve")
    decided = approval_of(run, "a").pk
    waiting = [approval_of(other, step_id).pk for step_id in "xy"]

    assert ids(api.get("/approvals")) == [decided, *waiting]
    assert ids(api.get("/approvals?status=pending")) == waiting
    assert ids(api.get("/approvals?status=approved&status=rejected")) == [decided]
    assert ids(api.get(f"/approvals?run_id={other.pk}")) == waiting
    assert ids(api.get(f"/approvals?task_id={task(other, 'y').pk}")) == waiting[1:]
    wrong = api.get("/approvals?status=maybe")
    assert (wrong.status_code, list(wrong.json())) == (400, ["status"])


def test_approved_task_is_dispatched(api: APIClient, run: WorkflowRun, path: str) -> None:
    answer = api.post(f"{path}/approve", {"comment": "looks good"})

    assert answer.status_code == 200
    assert answer.json() == api.get(path).json()
    fields = ("status", "decided_by", "comment")
    assert [answer.json()[name] for name in fields] == ["approved", "alice", "looks good"]
    assert answer.json()["decided_at"] > answer.json()["created_at"]
    sent = api.post(f"/workflow-runs/{run.pk}/dispatch-ready").json()
    assert sent["task_id"] == task(run, "a").pk
    approved = events(run)[-3]
    assert (approved.event_type, approved.actor, approved.reason) == (
        "approval.approved",
        "alice",
        "looks good",
    )


def test_rejected_task_is_canceled(api: APIClient, run: WorkflowRun, path: str) -> None:
    answer = api.post(f"{path}/reject", {"comment": "not tonight"})

    assert (answer.status_code, answer.json()["status"]) == (200, "rejected")
    assert states(run) == {"a": "canceled", "b": "pending"}
    assert trail(run) == ["approval.pending a", "approval.rejected a", "task.canceled a"]
    message = api.get(f"/tasks/{task(run, 'a').pk}").json()["message"]
    assert message == "rejected by alice: not tonight"


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
def test_the_second_decision_is_refused(
    api: APIClient, run: WorkflowRun, path: str, first: str, second: str
) -> None:
    decided = api.post(f"{path}/{first}").json()
    before = trail(run)

    answer = api.post(f"{path}/{second}", {"comment": "no, wait"})

    detail = f"approval {decided['id']} is {decided['status']}"
    assert (answer.status_code, answer.json()["detail"]) == (409, detail)
    assert (api.get(path).json(), trail(run)) == (decided, before)


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_deciding_requires_the_permission(run: WorkflowRun, path: str, verb: str) -> None:
    client = APIClient()
    client.force_authenticate(UserFactory.create())

    answer = client.post(f"{path}/{verb}")

    detail = "You do not have the permission workflows.decide_approval."
    assert (answer.status_code, answer.json()["detail"]) == (403, detail)
    assert Approval.objects.get().status == "pending"


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_creator_of_the_run_cannot_decide_if_approver_must_differ(
    api: APIClient, verb: str
) -> None:
    steps = [{"step_id": "a", "title": "A", "requires_approval": True}]
    body: dict[str, Any] = {"name": "careful", "steps": steps, "approver_must_differ": True}
    template = api.post("/workflow-templates", body).json()
    run = api.post("/workflow-runs", {"workflow_template_id": template["id"]}).json()
    path = f"/approvals/{ids(api.get('/approvals'))[0]}"
    somebody_else = APIClient()
    somebody_else.force_authenticate(UserFactory.create(is_superuser=True))

    answer = api.post(f"{path}/{verb}")

    detail = f"workflow run {run['id']} was created by alice; somebody else must decide"
    assert (answer.status_code, answer.json()["detail"]) == (409, detail)
    assert (run["approver_must_differ"], run["created_by"]) == (True, "alice")
    assert somebody_else.post(f"{path}/{verb}").status_code == 200


def test_creator_cannot_decide_by_naming_another_initiator(api: APIClient) -> None:
    steps = [{"step_id": "a", "title": "A", "requires_approval": True}]
    body: dict[str, Any] = {"name": "careful", "steps": steps, "approver_must_differ": True}
    template = api.post("/workflow-templates", body).json()
    api.post("/workflow-runs", {"workflow_template_id": template["id"], "initiated_by": "bob"})

    answer = api.post(f"/approvals/{ids(api.get('/approvals'))[0]}/approve")

    assert answer.status_code == 409


def test_approval_of_a_finished_task_is_a_409(api: APIClient, run: WorkflowRun, path: str) -> None:
    api.post(f"/tasks/{task(run, 'a').pk}/cancel")

    answer = api.post(f"{path}/approve")

    detail = f"task {task(run, 'a').pk} is canceled"
    assert (answer.status_code, answer.json()["detail"]) == (409, detail)


@pytest.mark.parametrize("body", [{"comment": 1}, {"comment": "x" * 2_001}, {"reason": "x"}])
def test_a_wrong_body_is_refused(
    api: APIClient, run: WorkflowRun, path: str, body: dict[str, Any]
) -> None:
    answer = api.post(f"{path}/approve", body)

    assert (answer.status_code, list(answer.json())) == (400, list(body))
    assert api.get(path).json()["status"] == "pending"


def test_an_unknown_approval_is_a_404(api: APIClient) -> None:
    for answer in (
        api.get("/approvals/987654321"),
        api.post("/approvals/987654321/approve"),
        api.post(f"/approvals/{10**30}/reject"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
