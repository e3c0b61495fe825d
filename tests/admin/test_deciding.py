"""The page of an approval says what one decides about, and takes the decision."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.admin.conftest import VIEW_ALL, ClientOf, list_url, text_of, url_of
from tests.support.actors import who
from tests.support.drawing import steps_of
from tests.support.verbs import attempt, dispatch_all, finish
from workflows.authoring.spec import TemplateSpec, parse_template
from workflows.authoring.store import create_template, replace_template
from workflows.models import Approval, LogPiece, TaskAttempt, WorkflowRun
from workflows.operations.approvals import approve
from workflows.runs.creation import create_run

DECIDE = "workflows.decide_approval"


def release(*more: str) -> TemplateSpec:
    """Return a template in which somebody else approves `deploy`."""
    drawing = ", ".join(["build > deploy > tell, lint > tell", *more])
    steps = [
        {**step, "requires_approval": step["step_id"] == "deploy"} for step in steps_of(drawing)
    ]
    return parse_template({"name": "release", "steps": steps, "approver_must_differ": True})


def run_until_asked(template_id: int, tag: str, result: str) -> WorkflowRun:
    """Start a run of jo, and let `build` end with a result and a line of log."""
    run = create_run(template_id=template_id, by=who("jo"), parameters={"tag": tag, "dry": False})
    dispatch_all(run)
    text = f"line one\nbuilt {tag}\ntook {len(tag) * run.pk} s\n"
    LogPiece.objects.create(attempt=attempt(run, "build"), offset=0, text=text)
    TaskAttempt.objects.filter(pk=attempt(run, "build").pk).update(log_length=len(text))
    finish(run, "build", result=result)
    return run


@pytest.fixture
def approval(db: None) -> Approval:
    """Return an approval after an earlier one of the version before."""
    template = create_template(release())
    earlier = run_until_asked(template.pk, "v1", "84 MB")
    approve(Approval.objects.get(task__run=earlier).pk, by=who("kim"))
    replace_template(template.pk, release("deploy > smoke"), by=who("ada"))
    run = run_until_asked(template.pk, "v2", "86 MB")
    return Approval.objects.get(task__run=run)


@pytest.fixture
def dora(client_of: ClientOf) -> Client:
    """Act as dora, who may look at everything and decide."""
    return client_of("dora", DECIDE, *VIEW_ALL)


def test_page_tells_what_has_changed_since_the_last_approved_run(
    dora: Client, approval: Approval
) -> None:
    page = text_of(dora.get(url_of(approval)))

    earlier = Approval.objects.earliest("pk").task.run_id
    assert f"against the last approved run, {earlier} (kim," in page
    assert "tag v2 v1" in page
    assert "dry no same" in page
    assert "Template v1 → v2 saved by ada" in page
    assert "smoke added" in page
    assert "86 MB last time: 84 MB" in page
    assert "L2 built v2" in page
    assert "line one" not in page  # as last time
    assert "L3 took" not in page
    assert "Asked by jo" in page
    assert "May decide dora" in page
    assert "yes: not by jo, who created the run" in page
    assert "approved deploy becomes ready, and goes out when somebody dispatches it." in page
    assert "rejected deploy is canceled; 2 tasks that wait can never run then" in page


def test_reader_sees_only_what_the_permissions_allow(
    client_of: ClientOf, approval: Approval
) -> None:
    page = text_of(client_of("eve", "workflows.view_approval", DECIDE).get(url_of(approval)))

    assert "What goes out" not in page
    for hidden in ("86 MB", "built v2", "smoke", "84 MB"):
        assert hidden not in page
    assert 'value="reject"' not in text_of(client_of("vi", *VIEW_ALL).get(url_of(approval)))


def test_one_click_approves_and_a_rejection_is_asked_about_with_the_comment(
    dora: Client, approval: Approval
) -> None:
    address, chosen = list_url(Approval), {"_selected_action": approval.pk, "from_page": "1"}
    asked = dora.post(address, {**chosen, "action": ["reject", "approve"], "comment": "why so"})
    assert "Reject deploy of run" in text_of(asked)
    assert "why so</textarea>" in asked.content.decode()
    assert Approval.objects.get(pk=approval.pk).status == "pending"

    dora.post(address, {**chosen, "action": "approve", "confirmed": "approve", "comment": "good"})

    decided = Approval.objects.get(pk=approval.pk)
    assert (decided.status, decided.comment, decided.decided_by) == ("approved", "good", "dora")
    assert "By dora Comment good" in text_of(dora.get(url_of(approval)))


@pytest.mark.usefixtures("groups")
def test_creator_reads_why_somebody_else_must_decide(
    client_of: ClientOf, approval: Approval
) -> None:
    page = client_of("jo", DECIDE, *VIEW_ALL).get(url_of(approval))

    assert "was created by jo; somebody else must decide" in text_of(page)
    assert "decide-form" not in page.content.decode()
    assert "May decide group Workflow approver" in text_of(page)


def test_approval_of_a_run_that_failed_elsewhere_stands_apart_and_is_not_counted(
    dora: Client, approval: Approval
) -> None:
    run = approval.task.run
    assert run
    failed = create_run(template_id=run.template_id or 0, by=who("jo"))
    dispatch_all(failed)
    finish(failed, "build", "failed")
    finish(failed, "lint")
    [apart] = Approval.objects.filter(task__run=failed)

    assert dora.get("/admin/attention/").json()["approvals"] == 1
    assert list(dora.get(list_url(Approval)).context["cl"].result_list) == [approval]
    query = {"status": "apart"}
    assert list(dora.get(list_url(Approval), query).context["cl"].result_list) == [apart]
    assert "Could not go out anyway All Their runs" in text_of(dora.get(url_of(approval)))
    assert "nothing goes out until somebody retries" in text_of(dora.get(url_of(apart)))


def test_page_takes_as_many_statements_with_a_longer_history(
    dora: Client, approval: Approval, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = approval.task.run
    assert run
    for number in range(4):
        again = run_until_asked(run.template_id or 0, f"v{number}", "1 MB")
        approve(Approval.objects.get(task__run=again).pk, by=who("kim"))
    with django_assert_max_num_queries(28):
        dora.get(url_of(approval))
