"""A gate on the page of a run: who may pass it, and why it asks again, before and after."""

from playwright.sync_api import expect

from tests.browser.axe import serious_violations
from tests.browser.conftest import Browse
from tests.browser.test_operating_runs import answer
from tests.browser.test_watching_runs import open_run, vertex
from tests.factories import UserFactory
from tests.support.actors import who
from tests.support.drawing import steps_of
from tests.support.verbs import states, task, walk
from workflows import operations
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import Approval, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.creation import create_run


def gated_run(by: Actor) -> WorkflowRun:
    steps = [
        {**step, "requires_approval": step["step_id"] == "deploy"}
        for step in steps_of("build > deploy > announce")
    ]
    spec = parse_template({"name": "release", "steps": steps, "approver_must_differ": True})
    run = create_run(template_id=create_template(spec).pk, by=by)
    walk(run, "build")
    return run


def test_reset_says_which_gate_asks_again_and_why(browse: Browse, transactional_db: None) -> None:
    run = gated_run(who("bob"))
    operations.approve(Approval.objects.get().pk, by=who("eve"))
    walk(run, "deploy")
    page = open_run(browse, run)

    vertex(page, "build").click()
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="Retry with downstream").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 task asks for approval again: deploy")
    answer(page, "Retry build with downstream", "bad input")

    expect(page.locator("#approvals")).to_contain_text("1 task waits for approval")
    walk(run, "build")
    page.reload()
    vertex(page, "deploy").click()
    expect(panel).to_contain_text("asked again because `build` was reset")


def test_creator_finds_mark_success_greyed_and_another_decides_by_it(
    browse: Browse, transactional_db: None
) -> None:
    ada, eve = (
        UserFactory.create(username=name, is_staff=True, is_superuser=True)
        for name in ("ada", "eve")
    )
    run = gated_run(Actor.of(ada, via="web"))
    operations.cancel(task(run, "deploy").pk, by=who("test"))

    own = open_run(browse, run).locator("#part-verdict")
    expect(own.get_by_role("button", name="Mark deploy success")).to_be_disabled()
    expect(own).to_contain_text("was created by ada; somebody else must decide")
    page = browse(f"/admin/workflows/workflowrun/{run.pk}/change/", user=eve)
    page.locator("#part-verdict").get_by_role("button", name="Mark deploy success…").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 task counts as approved by you: deploy")
    answer(page, "Mark deploy success", "seen")

    expect(page.locator("#part-summary")).to_contain_text("2 of 3")
    assert states(run)["deploy"] == "success"
    assert Approval.objects.get().decided_by == "eve"


def test_approval_is_given_by_two_keys_on_its_page(browse: Browse, transactional_db: None) -> None:
    run = gated_run(who("bob"))
    approval = Approval.objects.get()
    page = browse(f"/admin/workflows/approval/{approval.pk}/change/")
    expect(page.get_by_role("heading", level=1)).to_have_text("deploy?")
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_contain_text(f"Reject deploy of run {run.pk}?")
    page.keyboard.press("Escape")
    assert serious_violations(page) == []

    page.get_by_label("Comment").fill("seen")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("is approved")
    expect(page.get_by_role("heading", name="Decided", exact=True)).to_be_visible()
    approval.refresh_from_db()
    assert (approval.status, approval.comment) == ("approved", "seen")


def test_decision_of_somebody_else_appears_on_the_open_page(
    browse: Browse, transactional_db: None
) -> None:
    gated_run(who("bob"))
    approval = Approval.objects.get()
    page = browse(f"/admin/workflows/approval/{approval.pk}/change/")
    expect(page.locator("#freshness")).to_contain_text("live · ")
    page.get_by_label("Comment").fill("not sure")

    operations.approve(approval.pk, by=who("kim"), comment="seen")

    expect(page.get_by_role("heading", name="Decided", exact=True)).to_be_visible()
    expect(page.locator(".your-decision")).to_contain_text("kim")
    expect(page.locator("#freshness")).to_contain_text("no polling")
