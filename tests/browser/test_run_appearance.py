"""The page of a run is accessible, light and dark, small and large."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import serious_violations
from tests.browser.conftest import NARROW, WIDE, Browse
from tests.browser.test_watching_runs import open_run, vertex
from tests.factories import RunFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import ask_for_approval, dispatch_all, finish, start, task
from workflows.models import WorkflowRun
from workflows.operations.holds import hold
from workflows.operations.tasks import cancel, mark_success

TABS = ("Graph", "Tasks", "Timeline", "Events", "Parameters")


@pytest.fixture
def colourful(runs: DrawRun) -> WorkflowRun:
    """Return a run with tasks in all states."""
    run = runs("a > b > c, d > e, f > g, h, i > j", parameters={"day": "2026-01-31"})
    hold(task(run, "h").pk, by=who("test"), reason="not yet")
    dispatch_all(run)
    start(run, "d", "f")
    finish(run, "a", "failed", message="exit code 3")
    finish(run, "f")
    return run


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_run_page_has_no_serious_accessibility_violation(
    browse: Browse, colourful: WorkflowRun, scheme: str, viewport: object
) -> None:
    page = open_run(browse, colourful, color_scheme=scheme, viewport=viewport)
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        assert serious_violations(page) == [], tab
        assert not is_too_wide(page), tab

    page.get_by_role("tab", name="Graph").click()
    vertex(page, "a, failed").click()
    expect(page.get_by_role("complementary").locator("h2")).to_have_text("a")
    assert serious_violations(page) == []
    page.get_by_role("button", name="Retry…").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert serious_violations(page) == []
    assert not is_too_wide(page)


def test_dark_scheme_has_dark_background_and_light_text(
    browse: Browse, colourful: WorkflowRun
) -> None:
    page = open_run(browse, colourful, color_scheme="dark")

    box = vertex(page, "a, failed").locator(".box")
    colours = page.evaluate(
        "box => [getComputedStyle(document.body).backgroundColor, getComputedStyle(box).fill]",
        box.element_handle(),
    )
    light = open_run(browse, colourful, color_scheme="light")
    assert "rgb(17, 19, 24)" in colours
    assert colours[0] != light.evaluate("getComputedStyle(document.body).backgroundColor")


def test_graph_and_table_show_the_same_icons(browse: Browse, runs: DrawRun) -> None:
    run = runs("a, b, c, d")
    ask_for_approval(run, "c")
    hold(task(run, "d").pk, by=who("test"))
    dispatch_all(run)
    finish(run, "a", "failed")
    mark_success(task(run, "a").pk, by=who("ada"), reason="done by hand")
    start(run, "b")
    cancel(task(run, "b").pk, by=who("ada"))
    page = open_run(browse, run)

    signs = {"a": "by-hand", "b": "canceled", "c": "approval", "d": "held"}
    words = ("set by hand", "asked to end", "waits for approval", "on hold")
    for step_id, icon in signs.items():
        sign = vertex(page, f"{step_id}, ").locator("use")
        expect(sign).to_have_attribute("href", re.compile(f"#{icon}$"))
    page.get_by_role("tab", name="Tasks").click()
    for word, (step_id, icon) in zip(words, signs.items(), strict=True):
        row = page.locator("#tasks tr", has=page.get_by_role("link", name=step_id, exact=True))
        expect(row.locator(f".badge-{icon}")).to_have_text(word)


def test_clicks_on_the_legend_go_through_the_tasks_of_a_state(
    browse: Browse, runs: DrawRun
) -> None:
    run = runs("a, b, c > d")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "c", "failed")
    page = open_run(browse, run)
    failed = page.get_by_role("button", name="2 failed", exact=True)
    panel = page.get_by_role("complementary")

    failed.click()
    expect(panel.locator("h2")).to_have_text("a")
    failed.click()
    expect(panel.locator("h2")).to_have_text("c")
    expect(vertex(page, "d")).not_to_have_class("is-faint")
    expect(vertex(page, "b")).to_have_class("vertex kind-dispatched is-faint")


def test_run_of_2122_tasks_opens_and_stays_usable(browse: Browse, db: None) -> None:
    drawing = ", ".join(f"first > step{n} > last" for n in range(2120))
    run = RunFactory.create(template__drawing=drawing)
    page = open_run(browse, run)
    expect(page.locator("#graph .vertex").first).to_be_visible()
    assert page.locator("#graph .vertex").count() < 100  # those in sight

    page.get_by_label("Find a step").fill("step1999")
    expect(page.locator("#graph")).to_contain_text("1 found")
    expect(page.locator("#graph .is-marked .title")).to_have_text("step1999")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary").locator("h2")).to_have_text("step1999")
    dispatch_all(run)
    finish(run, "first")
    expect(page.get_by_role("button", name="2,120 ready")).to_be_visible()
    page.get_by_role("tab", name="Timeline").click()
    expect(page.locator(".bar-row")).to_have_count(1)
