"""An open run page stays up to date."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.admin.conftest import url_of
from tests.browser.conftest import Browse
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, dispatch_some, finish, start, states, task
from workflows.models import WorkflowRun


def vertex(page: Page, said: str) -> Locator:
    """Return the box of a task in the graph, by its name and what screen readers say of it."""
    name, _, state = said.partition(", ")
    spoken = re.compile(rf"^{name}, (.*, )?{state}")
    return page.locator("#graph .vertices").get_by_role("button", name=spoken)


def open_run(browse: Browse, run: WorkflowRun, **options: object) -> Page:
    """Open the page of a run, and set a mark that a reload would remove."""
    page = browse(url_of(run), **options)
    page.wait_for_selector("html[data-run=shown]")
    page.evaluate("window.mark = 'the same page'")
    return page


def is_the_same(page: Page) -> bool:
    return bool(page.evaluate("window.mark === 'the same page'"))


def test_run_page_follows_a_run_to_its_end_without_reload(browse: Browse, runs: DrawRun) -> None:
    run = runs("a > b > d, a > c > d")
    page = open_run(browse, run)
    expect(vertex(page, "a, ready")).to_be_visible()
    expect(vertex(page, "d, pending")).to_be_visible()

    page.get_by_role("button", name="Start what is ready").click()
    expect(vertex(page, "a, dispatched")).to_be_visible()
    start(run, "a")
    expect(vertex(page, "a, running")).to_be_visible()
    finish(run, "a")
    expect(vertex(page, "b, ready")).to_be_visible()
    for step_id in "bcd":
        dispatch_some(run, 1)
        finish(run, step_id)

    expect(page.locator("#part-summary")).to_contain_text("4 of 4")
    expect(page.locator("#part-summary .badge")).to_have_text("success")
    expect(vertex(page, "d, success")).to_be_visible()
    assert is_the_same(page)


def test_raw_answer_of_a_dispatch_is_in_the_menu(browse: Browse, runs: DrawRun) -> None:
    page = open_run(browse, runs("a > b"))

    page.get_by_role("button", name="Start what is ready").click()

    expect(page.locator("#toasts")).to_contain_text("Dispatched a to runner local.")
    page.reload()
    page.locator(".tab-line .menu summary").click()
    page.get_by_role("link", name="Answer to dispatch-ready (raw)").click()
    expect(page.locator("#dispatch-answer pre")).to_contain_text('"dispatched": true')


def test_vertex_that_is_clicked_stays_in_sight_beside_its_panel(
    browse: Browse, runs: DrawRun
) -> None:
    page = open_run(browse, runs("a > b > c > d"), viewport={"width": 1280, "height": 900})

    vertex(page, "d, pending").click()

    expect(page.get_by_role("complementary")).to_contain_text("Waits for c")
    page.wait_for_function(
        """() => {
            const frame = document.querySelector("#graph svg").getBoundingClientRect();
            const chosen = document.querySelector("#graph [role=button][aria-label^='d,']");
            return chosen.getBoundingClientRect().right <= frame.right;
        }"""
    )


def test_preview_of_a_dispatch_changes_nothing(browse: Browse, runs: DrawRun) -> None:
    run = runs("a, b > c")
    page = open_run(browse, run)

    page.locator(".tab-line .menu summary").click()
    page.get_by_role("button", name="Preview a dispatch").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Would dispatch 2 tasks: a to runner local, b to runner local.")
    dialog.get_by_text("Back to the run").click()

    expect(dialog).to_have_count(0)
    assert set(states(run).values()) == {"pending"}


def test_tables_events_and_timeline_follow_the_run(browse: Browse, runs: DrawRun) -> None:
    run = runs("a > b")
    page = open_run(browse, run)
    dispatch_all(run)
    start(run, "a")
    finish(run, "a", exit_code=0)

    page.get_by_role("tab", name="Tasks").click()
    row = page.locator("#tasks tbody tr").first
    expect(row.locator(".badge")).to_have_text("success")
    expect(row.locator("time")).to_have_count(3)
    expect(page.locator("#attempts")).to_contain_text("attempt 1 of a")
    page.get_by_role("tab", name="Events").click()
    expect(page.locator("#event-rows tr").first).to_contain_text("task.succeeded")
    page.get_by_role("tab", name="Timeline").click()
    bar = page.locator(".bar-row.is-critical")
    expect(bar).to_contain_text("★ a")
    bar.click()
    expect(page.get_by_role("complementary").locator("h2")).to_have_text("a")
    assert is_the_same(page)


def test_hidden_run_page_sends_no_requests(browse: Browse, runs: DrawRun) -> None:
    page = open_run(browse, runs("a"))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    # A question that was due when the page was hidden is not asked; the next would be soon.
    page.wait_for_timeout(2500)
    assert [url for url in asked if "/changes/" in url] == []
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    with page.expect_request("**/changes/*"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("tab", ["tasks", "timeline", "events-tab"])
def test_address_with_a_tab_opens_it(browse: Browse, runs: DrawRun, tab: str) -> None:
    page = browse(f"{url_of(runs('a'))}#{tab}")

    expect(page.locator(f"#{tab}")).to_be_visible()
    expect(page.locator("#graph")).to_be_hidden()


def test_address_with_a_task_chooses_it(browse: Browse, runs: DrawRun) -> None:
    run = runs("a > b")

    page = browse(f"{url_of(run)}#task-{task(run, 'b').pk}")

    expect(page.get_by_role("complementary")).to_contain_text("Waits for a (pending).")
    expect(vertex(page, "b, pending")).to_have_attribute("aria-pressed", "true")
