"""The timeline of a run: how long each task waited and ran, and what the last success took."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Browse
from tests.browser.test_watching_runs import open_run
from tests.factories import RunFactory, TemplateFactory
from tests.support.verbs import dispatch_all, finish, start
from workflows.models import Task, TaskAttempt, WorkflowRun, WorkflowTemplate

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
LASTED_S = {"fetch": 600, "check": 1, "load": 300}
"""The second step is shorter than a pixel of twenty minutes."""


def ended_run(template: WorkflowTemplate) -> WorkflowRun:
    """Return a run whose steps ran one after the other, each after a minute with its runner."""
    run = RunFactory.create(template=template)
    moment = BEGIN
    for step_id, lasted_s in LASTED_S.items():
        dispatch_all(run)
        start(run, step_id)
        finish(run, step_id)
        times = {"dispatched_at": moment, "started_at": moment + timedelta(minutes=1)}
        moment = times["started_at"] + timedelta(seconds=lasted_s)
        task = Task.objects.filter(run=run, step_id=step_id)
        task.update(**times, finished_at=moment)
        TaskAttempt.objects.filter(task__in=task).update(**times, finished_at=moment)
    return run


def width_of(found: Locator) -> float:
    box = found.bounding_box()
    assert box
    return box["width"]


def bar(page: Page, step_id: str, kind: str) -> Locator:
    return page.locator(".bar-row", has_text=step_id).locator(f".{kind}")


def test_timeline_shows_waiting_running_and_the_run_before(browse: Browse, db: None) -> None:
    template = TemplateFactory.create(drawing="fetch > check > load")
    ended_run(template)
    page = open_run(browse, ended_run(template))
    page.get_by_role("tab", name="Timeline").click()

    expect(page.locator(".bar-row.is-critical")).to_have_count(3)
    assert width_of(bar(page, "fetch", "ran")) > 1.5 * width_of(bar(page, "load", "ran"))
    assert width_of(bar(page, "fetch", "queued")) < width_of(bar(page, "fetch", "ran")) / 8
    assert width_of(bar(page, "check", "ran")) >= 2

    before = width_of(bar(page, "check", "ran"))
    for _ in range(8):
        page.get_by_role("button", name="Zoom in").click()
    assert width_of(page.locator("svg.timeline")) > 10 * 1440
    page.get_by_role("button", name="Fit: show all of the time").click()
    assert width_of(bar(page, "check", "ran")) == before

    page.get_by_role("button", name="Last success behind").click()
    expect(page.locator(".bar-row .ghost")).to_have_count(3)
    page.get_by_role("button", name="By runner").click()
    expect(page.locator(".head-row")).to_contain_text("· 3")
