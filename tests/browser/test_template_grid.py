"""The history of a template as a grid, and what its squares lead to."""

import re

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.axe import serious_violations
from tests.browser.conftest import Browse
from tests.factories import RunFactory, TemplateFactory
from tests.support.verbs import attempt, dispatch_all, finish, start, task, walk
from workflows.admin.templates.overview import overview_url
from workflows.models import LogPiece, WorkflowRun

pytestmark = pytest.mark.django_db(transaction=True)
PHONE: ViewportSize = {"width": 390, "height": 844}


def failed(run: WorkflowRun) -> WorkflowRun:
    """Return a run whose first step failed, and says why in its log."""
    dispatch_all(run)
    LogPiece.objects.create(attempt=attempt(run, "load"), offset=0, text="KeyError: day\n")
    finish(run, "load", "failed", message="exit code 1")
    return run


def test_a_failure_is_seen_in_the_grid_told_opened_and_compared(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="load > report")
    runs = [RunFactory.create(template=template) for _ in range(9)]
    for run in runs[:8]:
        walk(run, "load", "report")
    broken = failed(runs[8])
    page = browse(overview_url(template.pk))

    grid, tip = page.get_by_role("application"), page.locator(".history-tip")
    expect(grid.locator("use")).to_have_count(18)
    expect(grid.locator(".has-failed .failures")).to_have_text("1 ✕")
    assert serious_violations(page) == []

    # By keyboard: the latest run first, then down to its first step.
    grid.focus()
    page.keyboard.press("ArrowDown")
    expect(tip).to_contain_text(f"load in run {broken.pk}")
    expect(tip).to_contain_text("KeyError: day")
    expect(page.get_by_role("status").first).to_contain_text("failed, exit code 1")
    assert serious_violations(page) == []
    page.keyboard.press("Shift+Enter")
    expect(page).to_have_url(re.compile(rf"compare/\?a={runs[7].pk}&b={broken.pk}&step=load"))
    expect(page.locator(".sentence")).to_contain_text("load fails where A did not")
    expect(page.locator(".is-chosen")).to_contain_text("load")
    assert serious_violations(page) == []

    # By pointer: a click leads to the task of the square.
    page.go_back()
    page.locator('.row[data-row="0"] use').last.click()
    expect(page).to_have_url(re.compile(rf"{broken.pk}/change/#task-{task(broken, 'load').pk}"))


def test_open_page_follows_a_run_that_goes_on(browse: Browse) -> None:
    run = RunFactory.create(template__drawing="load > report")
    dispatch_all(run)
    start(run, "load")
    page = browse(overview_url(run.template_id or 0))
    expect(page.locator('.row use[href="#square-r"]')).to_have_count(1)

    finish(run, "load")

    expect(page.locator('.row use[href="#square-s"]')).to_have_count(1)


def test_phone_has_the_last_seven_runs_and_no_sideways_scrolling(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a-step-with-quite-a-long-name > report")
    for _ in range(9):
        walk(RunFactory.create(template=template), "a-step-with-quite-a-long-name", "report")

    page = browse(overview_url(template.pk), viewport=PHONE, color_scheme="dark")

    expect(page.locator(".history-stage use")).to_have_count(14)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(
        "e => e.scrollWidth <= e.clientWidth", page.locator(".history-stage").element_handle()
    )
    assert serious_violations(page) == []
