"""The list of runs, the palette and everything single keys do, by keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import serious_violations
from tests.browser.conftest import Browse
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish
from workflows.models import WorkflowRun

WIDE = {"width": 1440, "height": 900}
RUNS = "/admin/workflows/workflowrun/"


@pytest.fixture
def failed(runs: DrawRun) -> WorkflowRun:
    run = runs("a > b", name="backup")
    dispatch_all(run)
    finish(run, "a", "failed")
    return run


def test_run_is_found_ticked_and_cured_by_keyboard(browse: Browse, failed: WorkflowRun) -> None:
    page = browse(RUNS, viewport=WIDE)
    keys = page.keyboard
    for key in ("j", "x"):
        keys.press(key)
    expect(page.get_by_role("link", name=f"{failed.pk}", exact=True)).to_be_focused()
    expect(page.get_by_role("button", name="Go")).to_be_visible()
    keys.press("/")
    expect(page.locator("#searchbar")).to_be_focused()
    expect(page.locator("#searchbar_helptext")).to_be_visible()
    keys.press("Control+k")
    palette = page.get_by_role("dialog", name="Search or jump to")
    keys.type(">backup")
    act = palette.get_by_role("option", selected=True)
    expect(act).to_contain_text(f"Retry a: run {failed.pk} backup")
    assert serious_violations(page) == []
    keys.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Retry a", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("is pending")
    assert page.url.endswith(RUNS)


def test_keys_are_told_and_can_be_switched_off(browse: Browse, failed: WorkflowRun) -> None:
    page = browse(f"{RUNS}{failed.pk}/change/", viewport=WIDE)
    page.keyboard.press("r")
    expect(page.get_by_role("dialog", name="Retry a")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(RUNS)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("next row of a list")
    assert serious_violations(page) == []
    dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#searchbar")).not_to_be_focused()
    page.keyboard.press("?")
    dialog.get_by_role("checkbox").check()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page.get_by_role("heading", name="Workflow templates")).to_be_visible()
