"""Labels and notes on the page of a run, without leaving it."""

from playwright.sync_api import expect

from tests.browser.conftest import Browse
from tests.support.drawing import DrawRun


def test_changed_labels_and_notes_are_shown_at_once(browse: Browse, runs: DrawRun) -> None:
    run = runs("a")
    page = browse(f"/admin/workflows/workflowrun/{run.pk}/change/")
    menu = page.locator(".tab-line .menu summary")
    menu.click()
    page.get_by_role("button", name="Change labels").click()
    page.get_by_role("textbox", name="Labels").fill("team=data")
    page.get_by_role("dialog").get_by_role("button", name="Change labels").click()
    expect(page.get_by_role("link", name="team=data")).to_be_visible()
    menu.click()
    page.get_by_role("button", name="Add a note").click()
    page.get_by_role("textbox", name="Note").fill("The disk was full.")
    page.get_by_role("dialog").get_by_role("button", name="Add a note").click()
    expect(page.locator("#said")).to_contain_text("The disk was full.")
