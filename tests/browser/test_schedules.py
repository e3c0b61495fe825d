"""A schedule is made, fired and disabled in the browser; its pages have nothing to complain of."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import serious_violations
from tests.browser.conftest import Browse
from tests.factories import ScheduleFactory, TemplateFactory
from workflow_triggers.models import Occurrence, Outcome, Schedule

ADD = "/admin/workflow_triggers/schedule/add/"
LIST = "/admin/workflow_triggers/schedule/"
WEEK = f"{LIST}week/"


def test_schedule_is_made_fired_and_disabled_with_a_reason(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a")
    page = browse(f"{ADD}?template={template.pk}", timezone_id="Europe/Berlin")

    page.get_by_label("Name:").fill("nightly")
    page.get_by_label("Time zone:").fill("America/Sao_Paulo")
    page.get_by_label("Cron expression:").fill("30 2 * * 1-5")
    moments = page.locator("#next-moments")
    expect(moments).to_contain_text("At 02:30, Monday to Friday")
    expect(moments.locator("tbody tr")).to_have_count(5)
    page.get_by_label("Cron expression:").fill("30 2 *")
    expect(moments).to_contain_text("Give minute, hour")
    page.get_by_label("Cron expression:").fill("30 2 * * 1-5")
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="nightly", level=1)).to_be_visible()

    page.get_by_role("button", name="Fire now").click()
    occurrences = page.locator("#occurrences tbody")
    expect(occurrences).to_contain_text("somebody fired the schedule by hand")
    expect(occurrences.get_by_role("link", name="run ")).to_be_visible()
    assert Occurrence.objects.get().outcome == Outcome.RUN

    page.get_by_role("button", name="Disable…").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("table locked")
    page.get_by_role("dialog").get_by_role("button", name="Disable nightly").click()
    expect(page.get_by_text("by ada, “table locked”")).to_be_visible()
    assert not Schedule.objects.get().is_enabled


def test_moment_without_run_is_explained_in_a_pop_up(browse: Browse) -> None:
    schedule = ScheduleFactory.create(name="nightly")
    moment = schedule.settled_until
    reason = "run 12 was still running"
    Occurrence.objects.create(
        schedule=schedule, moment=moment, outcome=Outcome.SKIPPED, reason=reason
    )
    page = browse(WEEK)

    page.get_by_role("button", name="nightly").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("run 12 was still running")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_narrow_windows(browse: Browse, color_scheme: str) -> None:
    schedule = ScheduleFactory.create(name="nightly")
    at = f"{LIST}{schedule.pk}/change/"
    page = browse(LIST, color_scheme=color_scheme, reduced_motion="reduce")
    for address in (LIST, WEEK, f"{WEEK}?view=list", at, f"{at}?edit", "/admin/"):
        for width in (1440, 768, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(address)
            assert serious_violations(page) == [], (address, width)
            assert not _scrolls_sideways(page), (address, width)


def _scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
