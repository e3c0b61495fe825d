"""Approvals: their list and page, decided once by those who may."""

import pytest
from django.test import Client

from tests.admin.conftest import (
    VIEW_ALL,
    ClientOf,
    act,
    confirm,
    list_url,
    messages_of,
    outcomes_of,
    text_of,
    url_of,
)
from tests.factories import RunFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, events, states, task, trail
from workflows import operations
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import Approval, Task, WorkflowRun
from workflows.operations.approvals import approve, reject
from workflows.runs.creation import create_run

DECIDE = "workflows.decide_approval"


@pytest.fixture
def dora(client_of: ClientOf) -> Client:
    """Act as dora, who may look at everything and decide."""
    return client_of("dora", DECIDE, *VIEW_ALL)


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    """Return a run of two tasks that both wait for approval."""
    return runs("a, b", requires_approval=True)


def approval(run: WorkflowRun, step_id: str) -> Approval:
    """Return the latest approval of a task."""
    return Approval.objects.filter(task__run=run, task__step_id=step_id).latest("id")


def test_approved_task_is_dispatched(dora: Client, run: WorkflowRun) -> None:
    answer = confirm(dora, "approve", [approval(run, "a")], comment="looks right")

    assert messages_of(answer) == [("success", f"Task {task(run, 'a').pk} (a) is approved.")]
    assert (events(run)[-1].event_type, events(run)[-1].actor) == ("approval.approved", "dora")
    assert events(run)[-1].reason == "looks right"
    decided = approval(run, "a")
    assert (decided.status, decided.decided_by, decided.comment) == (
        "approved",
        "dora",
        "looks right",
    )
    assert dispatch_all(run) == ["a"]


def test_rejected_task_is_canceled(dora: Client, run: WorkflowRun) -> None:
    confirm(dora, "reject", [approval(run, "b")], comment="too early")

    assert states(run) == {"a": "pending", "b": "canceled"}
    rejected, canceled = [event for event in events(run) if event.actor == "dora"][:2]
    assert (rejected.event_type, rejected.reason) == ("approval.rejected", "too early")
    assert (canceled.event_type, canceled.reason) == ("task.canceled", "too early")
    assert approval(run, "b").status == "rejected"


def test_decision_is_confirmed_first_with_comment(dora: Client, run: WorkflowRun) -> None:
    before = trail(run)

    page = act(dora, "approve", [approval(run, "a")])

    assert f"a (run {run.pk}) pending" in text_of(page)
    assert 'name="comment"' in page.content.decode()
    assert trail(run) == before


def test_second_decision_is_refused_and_the_others_are_made(dora: Client, run: WorkflowRun) -> None:
    both = [approval(run, "a"), approval(run, "b")]
    reject(both[0].pk, by=who("ada"))

    answer = confirm(dora, "approve", both)

    assert outcomes_of(answer) == [
        ("refused", f"{both[0]} is rejected."),
        ("done", f"Task {both[1].task_id} (b) is approved."),
    ]
    assert approval(run, "a").decided_by == "ada"


def test_creator_is_refused_where_approver_must_differ(client_of: ClientOf) -> None:
    steps = [{"step_id": "a", "title": "a", "requires_approval": True}]
    data = {"name": "Pay", "approver_must_differ": True, "steps": steps}
    run = create_run(template_id=create_template(parse_template(data)).pk, by=who("dora"))

    answer = confirm(client_of("dora", DECIDE, *VIEW_ALL), "approve", [approval(run, "a")])

    assert messages_of(answer)[0] == (
        "error",
        f"Approve refused: {run} was created by dora; somebody else must decide.",
    )
    assert approval(run, "a").status == "pending"


@pytest.mark.parametrize("name", ["approve", "reject"])
def test_user_without_permission_to_decide_is_refused_however_it_is_posted(
    viola: Client, olga: Client, run: WorkflowRun, name: str
) -> None:
    before, both = trail(run), [approval(run, "a"), approval(run, "b")]

    for client in (viola, olga):
        for data in ({}, {"index": "0"}, {"select_across": "1", "index": "0"}, {"from_page": "1"}):
            confirm(client, name, both, comment="forged", **data)
            act(client, name, both, **data)
        assert offered(client, both[0]) == []

    assert trail(run) == before
    assert {each.status for each in Approval.objects.all()} == {"pending"}


def test_user_without_permission_to_view_is_refused(client_of: ClientOf, run: WorkflowRun) -> None:
    answer = confirm(client_of("blind", DECIDE), "approve", [approval(run, "a")])

    assert answer.status_code == 403
    assert approval(run, "a").status == "pending"


def test_list_shows_pending_approvals_first(dora: Client, run: WorkflowRun) -> None:
    approve(approval(run, "a").pk, by=who("ada"), comment="fine")

    assert listed(dora) == [("b", "pending")]
    assert listed(dora, status="approved") == [("a", "approved")]
    assert listed(dora, status="rejected") == []
    assert listed(dora, status="all") == [("a", "approved"), ("b", "pending")]
    assert listed(dora, status="strange") == []
    assert "a a approved" in text_of(dora.get(list_url(Approval), {"status": "all"}))
    assert "ada" in text_of(dora.get(list_url(Approval), {"status": "all"}))


def test_approval_of_canceled_task_is_not_listed_as_pending(dora: Client, run: WorkflowRun) -> None:
    operations.cancel(task(run, "a").pk, by=who("test"))

    assert listed(dora) == [("b", "pending")]
    assert offered(dora, approval(run, "a")) == []


def test_decided_approval_is_read_only(dora: Client, run: WorkflowRun) -> None:
    assert offered(dora, approval(run, "a")) == ["approve", "reject"]
    approve(approval(run, "a").pk, by=who("ada"), comment="<b>fine</b>")

    html = dora.get(url_of(approval(run, "a"))).content.decode()

    assert offered(dora, approval(run, "a")) == []
    assert "&lt;b&gt;fine" in html
    assert dora.post(url_of(approval(run, "a")), {"status": "rejected"}).status_code == 403


def test_button_returns_to_its_page(dora: Client, run: WorkflowRun) -> None:
    answer = confirm(dora, "approve", [approval(run, "a")], from_page="1")

    assert answer["Location"] == url_of(approval(run, "a"))


def test_pages_of_run_and_task_link_to_approvals(dora: Client, run: WorkflowRun) -> None:
    of_run, of_task = dora.get(url_of(run)), dora.get(url_of(task(run, "a")))

    assert "a waits for approval since" in text_of(of_run)
    assert "b waits for approval since" in text_of(of_run)
    assert "Waits for somebody to approve it." in text_of(of_task)
    assert "pending waits for approval" in text_of(of_task)
    assert url_of(approval(run, "a")) in of_task.content.decode()
    approve(approval(run, "a").pk, by=who("ada"))
    assert "b waits for approval" in text_of(dora.get(url_of(run)))
    assert "waits for approval" not in text_of(dora.get(url_of(task(run, "a"))))


def test_pages_do_not_link_to_approvals_without_permission_to_view_them(
    client_of: ClientOf, run: WorkflowRun
) -> None:
    ruth = client_of("ruth", "workflows.view_workflowrun", "workflows.view_task")

    for row in (run, task(run, "a")):
        assert list_url(Approval) not in ruth.get(url_of(row)).content.decode()


def test_task_list_filters_by_awaited_approval(dora: Client, run: WorkflowRun) -> None:
    RunFactory.create()

    answer = dora.get(list_url(Task), {"awaits_approval__exact": "1"})

    assert len(answer.context["cl"].result_list) == 2


def listed(client: Client, **query: str) -> list[tuple[str, str]]:
    rows = client.get(list_url(Approval), query).context["cl"].result_list
    return [(str(row.task), row.status) for row in rows]


def offered(client: Client, row: Approval) -> list[str]:
    html = client.get(url_of(row)).content.decode()
    return [name for name in ("approve", "reject") if f'value="{name}"' in html]
