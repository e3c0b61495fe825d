"""What the console promises in numbers: clicks to approve, rows of runs in sight, words uncut."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import Browse
from tests.factories import RunFactory, TemplateFactory
from workflows.models import WorkflowRun

RUNS = "/admin/workflows/workflowrun/"
BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS_IN_SIGHT = """() => [...document.querySelectorAll("#result_list tbody tr")].filter(
    (row) => row.getBoundingClientRect().bottom <= innerHeight).length"""
CUT = """() => [...document.querySelectorAll("#result_list :is(td, th, td *, th *)")]
    .filter((each) => each.clientWidth > 1 && each.scrollWidth > each.clientWidth + 1)
    .map((each) => each.textContent)"""
IS_TOO_WIDE = "() => document.documentElement.scrollWidth > innerWidth"


def test_three_approvals_take_three_clicks_from_the_dashboard(browse: Browse) -> None:
    for _ in range(3):
        RunFactory.create(template__requires_approval=True, template__drawing="deploy")
    page = browse("/admin/")
    buttons = page.locator("#attention").get_by_role("button", name="Approve…")
    for left in (2, 1, 0):
        buttons.first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Control+Enter")
        expect(buttons).to_have_count(left)


def test_list_of_runs_has_22_rows_in_sight_and_cuts_no_word(browse: Browse) -> None:
    template = TemplateFactory.create(name="warehouse refresh")
    for n in range(24):
        parameters = {"tag": f"v3.17.{n}", "env": "staging"}
        run = RunFactory.create(template=template, parameters=parameters, initiated_by="shop-api")
        times = {"started_at": BEGIN, "finished_at": BEGIN + timedelta(seconds=130 + n)}
        WorkflowRun.objects.filter(pk=run.pk).update(state="success", **times)
    page = browse(RUNS, viewport={"width": 1440, "height": 900})
    assert page.evaluate(ROWS_IN_SIGHT) >= 22
    assert page.evaluate(CUT) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate(CUT) == []
    assert not page.evaluate(IS_TOO_WIDE)
