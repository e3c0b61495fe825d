"""Operating a run on its page: its failures are explained and repaired there."""

import pytest
from playwright.sync_api import Page, expect

from tests.admin.conftest import url_of
from tests.browser.conftest import Browse
from tests.browser.test_watching_runs import is_the_same, open_run, vertex
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, state, states, task, trail, walk
from workflows.models import Event, WorkflowRun


@pytest.fixture
def stuck(runs: DrawRun) -> WorkflowRun:
    """Return a deadlocked run: deploy failed, three tasks wait for it."""
    run = runs("build > deploy > smoke > announce, deploy > notify")
    walk(run, "build")
    dispatch_all(run)
    finish(run, "deploy", "failed", exit_code=2, message="exit code 2")
    return run


def answer(page: Page, button: str, reason: str) -> None:
    """Give a reason in the open dialog, and confirm."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_have_count(0)


def test_failure_is_explained_downstream_and_repaired(browse: Browse, runs: DrawRun) -> None:
    run = runs("deploy > smoke > announce")
    page = open_run(browse, run)
    dispatch_all(run)
    finish(run, "deploy", "failed", exit_code=2, message="exit code 2")

    trouble = page.locator("#part-verdict")
    expect(trouble).to_contain_text("deploy failed (exit code 2), and 2 tasks wait for it")
    vertex(page, "announce, blocked").click()
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("Cannot start: deploy failed (exit code 2).")
    panel.get_by_role("link", name="deploy").click()
    expect(panel.locator("h2")).to_have_text("deploy")

    panel.get_by_label("More operations").click()
    panel.get_by_role("button", name="Mark success…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 task becomes ready at once: smoke")
    expect(dialog).to_contain_text("1 task can run after that: announce")
    answer(page, "Mark deploy success", "deployed by hand")

    expect(vertex(page, "deploy, success by hand")).to_be_visible()
    expect(trouble).to_contain_text("smoke is ready, and the run does not go on by itself")
    expect(trouble).not_to_contain_text("for it")
    walk(run, "smoke", "announce")
    expect(page.locator("#part-summary .badge")).to_have_text("success")
    marked = Event.objects.get(event_type="task.marked_success")
    assert (marked.actor, marked.reason) == ("ada", "deployed by hand")
    assert is_the_same(page)


def test_sentence_has_three_buttons_and_only_the_first_is_filled(
    browse: Browse, stuck: WorkflowRun
) -> None:
    page = open_run(browse, stuck)

    expect(page.locator("#run-sentence")).to_have_text(
        "deploy failed (exit code 2), and 3 tasks wait for it."
    )
    expect(page.locator("#suggested .button:visible")).to_have_text(
        ["Retry…", "Mark deploy success…", "Cancel the 3 waiting…"]
    )
    expect(page.locator("#content .button.default")).to_have_text("Retry…")
    top = page.locator("#graph .graph-host").bounding_box()
    assert top
    assert top["y"] <= 260
    assert top["y"] + top["height"] <= 900


def test_cancel_rest_in_the_banner_cancels_blocked_tasks(
    browse: Browse, stuck: WorkflowRun
) -> None:
    page = open_run(browse, stuck)

    page.get_by_role("button", name="Cancel the 3 waiting…").click()
    expect(page.get_by_role("dialog")).to_contain_text("3 tasks are canceled: smoke")
    answer(page, "Cancel 3 waiting tasks", "given up")

    expect(page.locator("#part-verdict")).not_to_contain_text("for it")
    assert sorted(states(stuck).values()) == ["canceled"] * 3 + ["failed", "success"]
    assert trail(stuck)[-3:] == [
        "task.canceled smoke",
        "task.canceled announce",
        "task.canceled notify",
    ]


def test_retry_in_the_banner_continues_the_run(browse: Browse, stuck: WorkflowRun) -> None:
    page = open_run(browse, stuck)

    page.get_by_role("button", name="Retry…").click()
    answer(page, "Retry deploy", "the disk is back")

    expect(vertex(page, "deploy, ready")).to_be_visible()
    assert state(stuck) == "running"


def test_dialog_without_a_reason_asks_for_it(browse: Browse, stuck: WorkflowRun) -> None:
    page = open_run(browse, stuck)
    page.get_by_role("button", name="Mark deploy success…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("   ")

    dialog.get_by_role("button", name="Mark deploy success").click()

    expect(page.get_by_role("dialog")).to_contain_text("This field is required.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert states(stuck)["deploy"] == "failed"


def test_run_is_paused_and_resumed_without_reload(browse: Browse, runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch_all(run)
    page = open_run(browse, run)

    page.get_by_role("button", name="Pause…").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 task waits until the run is resumed")
    answer(page, f"Pause run {run.pk}", "maintenance")
    expect(page.locator("#part-summary .badge")).to_have_text("paused")
    expect(page.locator("#part-verdict")).to_contain_text("Paused by ada")
    page.get_by_role("button", name="Resume").click()

    expect(page.locator("#part-summary .badge")).to_have_text("running")
    assert trail(run)[-2:] == ["workflow_run.paused", "workflow_run.resumed"]
    assert is_the_same(page)


def test_task_is_repaired_without_javascript(browse: Browse, stuck: WorkflowRun) -> None:
    page = browse(url_of(stuck), java_script_enabled=False)
    expect(page.locator("#tasks tbody tr")).to_have_count(5)

    page.get_by_role("button", name="Mark deploy success…").click()
    expect(page.locator("#effects")).to_contain_text("2 tasks become ready at once")
    page.get_by_label("Reason").fill("by hand")
    page.get_by_role("button", name="Mark deploy success").click()

    expect(page.locator(".messagelist")).to_contain_text("is success")
    assert page.url.split("#")[0].endswith(url_of(stuck))
    assert states(stuck)["deploy"] == "success"


def test_run_page_can_be_used_with_the_keyboard_alone(browse: Browse, stuck: WorkflowRun) -> None:
    page = open_run(browse, stuck)
    page.get_by_role("button", name="Full screen").focus()

    page.keyboard.press("Tab")
    expect(vertex(page, "build")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(vertex(page, "deploy")).to_be_focused()
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary")
    expect(panel.locator("h2")).to_have_text("deploy")
    panel.get_by_role("button", name="Retry…").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Retry deploy of run")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("the disk is back")
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Not now")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(vertex(page, "deploy, ready")).to_be_visible()
    expect(dialog).to_have_count(0)  # it would be what Escape closes
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(vertex(page, "deploy")).to_be_focused()
    assert Event.objects.get(event_type="task.retried").reason == "the disk is back"


def test_link_in_the_run_sentence_chooses_its_task(browse: Browse, stuck: WorkflowRun) -> None:
    page = open_run(browse, stuck)

    page.locator("#run-sentence").get_by_role("link", name="deploy").click()

    expect(page.get_by_role("complementary").locator("h2")).to_have_text("deploy")
    assert page.url.endswith(f"#task-{task(stuck, 'deploy').pk}")
