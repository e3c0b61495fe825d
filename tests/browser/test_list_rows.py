"""Lists that are open: rows change where they stand, new ones wait; columns are chosen."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish

RUNS = "/admin/workflows/workflowrun/"


def ask(page: Page) -> None:
    with page.expect_response("**/attention/"):
        page.evaluate("document.dispatchEvent(new CustomEvent('workflows:done'))")


def test_open_list_is_kept_up_to_date_without_moving(browse: Browse, runs: DrawRun) -> None:
    run = runs("a", name="backup")
    page = browse(RUNS, viewport={"width": 1440, "height": 900})
    row = page.locator("#result_list tbody tr", has_text="backup")
    row.get_by_role("checkbox").check()
    ask(page)

    dispatch_all(run)
    finish(run, "a", "failed")
    ask(page)
    expect(row.locator(".field-state_shown")).to_have_text("failed")
    expect(row.get_by_role("checkbox")).to_be_checked()

    runs("a", name="release")
    ask(page)
    show = page.get_by_role("button", name="1 new: show")
    expect(show).to_be_visible()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    show.click()
    expect(page.locator("#result_list tbody tr").first).to_contain_text("release")
    expect(row.get_by_role("checkbox")).to_be_checked()
    expect(show).to_be_hidden()

    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("compare")
    page.get_by_role("button", name="Compare two runs").click()
    page.wait_for_url("**/compare/?*")


def test_columns_are_chosen_for_this_browser(browse: Browse, runs: DrawRun) -> None:
    runs("a", name="backup")
    page = browse(RUNS, viewport={"width": 1440, "height": 900})
    heading = page.get_by_role("columnheader", name="Progress")
    expect(heading).to_be_visible()

    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Progress").uncheck()
    expect(heading).to_be_hidden()
    page.reload()
    expect(heading).to_be_hidden()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Progress").check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("checkbox", name="Progress")).to_be_hidden()
    expect(heading).to_be_visible()
