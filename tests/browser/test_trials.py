"""A diamond is drawn, a step of it tried, and the draft run, by keyboard alone."""

import pytest
from playwright.sync_api import Locator, Page, expect

from runners.models import Runner
from tests.admin.conftest import add_url
from tests.browser.axe import serious_violations
from tests.browser.builder import button, step, tab_to
from tests.browser.conftest import Browse
from tests.support.verbs import attempt, finish
from workflows.models import LogPiece, WorkflowRun, WorkflowTemplate

pytestmark = pytest.mark.django_db(transaction=True)

GIVEN = '{"clean": {"result": {"rows": 7}}}'


def back_to(page: Page, wanted: Locator) -> None:
    for _ in range(50):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab")
    pytest.fail(f"the keyboard does not reach {wanted}")


def add_step(page: Page, name: str, *upstream: str, script: str = "") -> None:
    for key in ("Escape", "/", "Shift+Tab", "Enter"):  # to the field that finds, then one back
        page.keyboard.press(key)
    page.keyboard.type(name)
    if script:
        tab_to(page, page.get_by_role("radio", name="Script"))
        page.keyboard.press("Space")
        tab_to(page, page.get_by_role("textbox", name="Script"))
        page.keyboard.type(script)
    if upstream:
        tab_to(page, button(page, "Add a dependency"))
        page.keyboard.press("Enter")
    for each in upstream:
        page.keyboard.type(each)
        page.keyboard.press("Enter")


def test_diamond_is_drawn_tried_and_run_by_keyboard_alone(browse: Browse, local: Runner) -> None:
    page = browse(add_url(WorkflowTemplate))
    keys = page.keyboard
    add_step(page, "extract")
    add_step(page, "clean", "extract")
    add_step(page, "audit", "extract")
    add_step(page, "load", "clean", "audit", script="echo {{ tasks.clean.result.rows }}")
    expect(page.locator(".builder-canvas .edge")).to_have_count(4)
    back_to(page, button(page, "Try…"))
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Try load")
    tab_to(page, dialog.get_by_label("What clean left"))
    assert serious_violations(page) == []
    keys.press("Control+a")
    keys.type(GIVEN)
    tab_to(page, button(page, "Try load"))
    keys.press("Enter")

    load_is_told_of(page, page.locator(".outcome-panel"))
    assert serious_violations(page) == []

    back_to(page, button(page, "Run this draft…"))
    keys.press("Enter")
    tab_to(page, button(page, "Run this draft"))
    keys.press("Enter")
    failure_is_told_of(page, page.locator(".outcome-panel"))
    expect(step(page, "load")).to_be_visible()
    assert not WorkflowTemplate.objects.exists()


def load_is_told_of(page: Page, outcome: Locator) -> None:
    expect(outcome).to_contain_text("Task load")
    trial = WorkflowRun.objects.get()
    given = attempt(trial, "load")
    assert given.payload["command"][-1] == "echo 7"
    LogPiece.objects.create(attempt=given, offset=0, text="seven rows\n")
    finish(trial, "load", result={"copied": 7})
    expect(outcome).to_contain_text("seven rows")
    expect(outcome).to_contain_text('"copied": 7')
    expect(page.locator("#toasts")).to_contain_text(f"Trial {trial.pk}: success.")


def failure_is_told_of(page: Page, outcome: Locator) -> None:
    expect(outcome).to_contain_text("Trial of this draft")
    whole = WorkflowRun.objects.latest("pk")
    finish(whole, "extract")
    finish(whole, "clean", "failed", message="no space left")
    expect(outcome).to_contain_text("no space left")
    finish(whole, "audit")
    expect(outcome.locator(".badge")).to_have_text("failed")
    tab_to(page, button(page, "Try again"))
    page.keyboard.press("Enter")
    expect(outcome).to_contain_text(f"run {whole.pk + 1}")


def test_trial_stands_beside_the_buttons_of_the_step(browse: Browse, local: Runner) -> None:
    page = browse(add_url(WorkflowTemplate), viewport={"width": 1024, "height": 900})
    add_step(page, "extract", script="echo 7")
    button(page, "Try…").click()
    button(page, "Try extract").click()
    expect(page.locator(".outcome-panel")).to_be_visible()
    panel = page.locator(".outcome-panel").bounding_box()
    drawer = page.locator(".builder-drawer").bounding_box()
    assert panel is not None
    assert drawer is not None
    assert panel["x"] + panel["width"] <= drawer["x"]
