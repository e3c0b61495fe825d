"""What the pages' scripts draw from stored texts is text: no element, no script."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.support.drawing import DrawRun
from tests.support.marked_site import store_markup
from tests.support.markup import ELEMENT, MARK
from tests.support.verbs import dispatch_all, finish
from workflows.models import Task, WorkflowRun, WorkflowTemplate

LISTS = ("workflowrun", "task", "taskattempt", "approval", "event", "workflowtemplate")


@pytest.fixture
def failed(runs: DrawRun) -> WorkflowRun:
    """Return a run of an installation in which every text is markup; a task of it has failed."""
    run = runs("a > b, c", name="backup")
    dispatch_all(run)
    finish(run, "a", "failed", message="exit code 2")
    store_markup()
    return run


def assert_only_text(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    assert page.locator(f"{ELEMENT}, [data-hit], [onerror]").count() == 0, page.url
    assert page.evaluate("window.__hit === undefined"), page.url


def test_run_page_draws_markup_as_text(browse: Browse, failed: WorkflowRun) -> None:
    task = Task.objects.filter(run=failed).earliest("pk")
    page = browse(f"/admin/workflows/workflowrun/{failed.pk}/change/#task-{task.pk}")
    expect(page.get_by_role("complementary")).to_contain_text(MARK[:20])
    assert_only_text(page)
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert_only_text(page)
    page.locator("form.operations-form button").first.click()
    assert_only_text(page)


def test_pages_of_a_template_draw_markup_as_text(browse: Browse, failed: WorkflowRun) -> None:
    template = WorkflowTemplate.objects.latest("pk")
    address = f"/admin/workflows/workflowtemplate/{template.pk}"
    page = browse(f"{address}/change/")
    page.get_by_label("More").click()
    page.get_by_role("button", name="Order of dispatch").click()
    expect(page.locator("ol.order")).to_contain_text(MARK[:20])
    assert_only_text(page)
    page.locator("ol.order button.choose").first.click()
    assert_only_text(page)
    page.get_by_role("button", name="Parameters").click()
    expect(page.locator(".launch-preview label").first).to_be_visible()
    assert_only_text(page)
    for path in (f"{address}/versions/2/", f"{address}/history/"):
        page.goto(path)
        assert_only_text(page)


def test_launch_form_draws_markup_as_text(browse: Browse, failed: WorkflowRun) -> None:
    template = WorkflowTemplate.objects.latest("pk")
    page = browse(f"/admin/workflows/workflowrun/add/?template={template.pk}")
    expect(page.locator(".help").first).to_contain_text(MARK[:20])
    assert_only_text(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Run").click()
    assert_only_text(page)


def test_dashboard_and_lists_draw_markup_as_text(browse: Browse, failed: WorkflowRun) -> None:
    page = browse("/admin/")
    expect(page.locator("#dashboard")).to_contain_text(MARK[:20])
    assert_only_text(page)
    for name in LISTS:
        page.goto(f"/admin/workflows/{name}/")
        assert_only_text(page)
