"""The frame of every page, the dashboard and the lists."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.axe import serious_violations
from tests.browser.conftest import NARROW, WIDE, Browse
from tests.factories import RunnerFactory, UserFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, task, walk
from workflows.models import Event, WorkflowRun
from workflows.operations.tasks import cancel, retry

PAGES = [
    "/admin/",
    "/admin/workflows/workflowrun/",
    "/admin/workflows/task/",
    "/admin/workflows/taskattempt/",
    "/admin/workflows/approval/?status=all",
    "/admin/workflows/event/",
    "/admin/workflows/workflowtemplate/",
    "/admin/workflows/workflowtemplate/add/?plain",
    "/admin/runners/runner/",
    "/admin/runners/runner/add/",
    "/admin/auth/user/",
    "/admin/password_change/",
]


@pytest.fixture
def failed(runs: DrawRun) -> WorkflowRun:
    """Return a deadlocked run, beside runs and runners in other states."""
    RunnerFactory.create(name="gpu", is_enabled=False)
    runs("train", runner="gpu")
    runs("deploy", requires_approval=True)
    walk(runs("a"), "a")
    run = runs("a > b > c", name="backup")
    dispatch_all(run)
    finish(run, "a", "failed", message="exit code 2")
    return run


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_serious_accessibility_violation(
    browse: Browse, failed: WorkflowRun, scheme: str
) -> None:
    page = browse("/admin/", color_scheme=scheme)
    for path in PAGES:
        page.goto(path)
        assert serious_violations(page) == [], path


@pytest.mark.parametrize("path", ["/admin/", "/admin/workflows/workflowrun/"])
def test_empty_pages_have_no_serious_accessibility_violation(browse: Browse, path: str) -> None:
    assert serious_violations(browse(path)) == []


@pytest.mark.parametrize("viewport", [WIDE, NARROW, {"width": 390, "height": 800}])
def test_pages_do_not_scroll_sideways(
    browse: Browse, failed: WorkflowRun, viewport: dict[str, int]
) -> None:
    page = browse("/admin/", viewport=viewport)
    for path in PAGES:
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], path


@pytest.mark.parametrize("width", [1280, 1366, 1600])
def test_lists_show_all_their_columns(
    browse: Browse, runs: DrawRun, failed: WorkflowRun, width: int
) -> None:
    walk(runs("migrate_from_zero", name="release-check"), "migrate_from_zero")
    page = browse("/admin/", viewport={"width": width, "height": 900})
    for name in ("workflowrun", "task", "taskattempt", "approval", "event"):
        page.goto(f"/admin/workflows/{name}/")
        expect(page.locator("#result_list tbody tr").first).to_be_visible()
        table, frame = page.evaluate(
            "(({scrollWidth, parentElement}) => [scrollWidth, parentElement.clientWidth])"
            "(document.getElementById('result_list'))"
        )
        assert table <= frame, name


@pytest.mark.parametrize("name", ["workflowrun", "task"])
def test_headings_stand_above_what_they_head(
    browse: Browse, failed: WorkflowRun, name: str
) -> None:
    page = browse(f"/admin/workflows/{name}/", viewport={"width": 1280, "height": 900})
    heading = page.locator("#result_list thead th:nth-child(2) .text :is(a, span)").first
    name_of_row = page.locator("#result_list tbody th a").first
    left = "element => element.getBoundingClientRect().left"
    assert heading.evaluate(left) == name_of_row.evaluate(left)


def test_login_page_has_no_serious_accessibility_violation(browse: Browse) -> None:
    page = browse("/admin/")
    page.get_by_role("button", name="ada").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/logout/")
    page.goto("/admin/login/")

    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert serious_violations(page) == []


def test_counts_and_dashboard_update_without_reload(browse: Browse, failed: WorkflowRun) -> None:
    page = browse("/admin/")
    runs = page.locator('#navigation [data-count="runs"]')
    expect(runs).to_have_text("1")
    expect(page.locator('#navigation [data-count="approvals"]')).to_have_text("1")
    expect(page.locator("#attention")).to_contain_text("2 tasks wait for it")
    page.evaluate("window.isTheSame = true")

    retry(task(failed, "a").pk, by=who("ada"))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # looks at it again

    expect(runs).to_be_hidden()
    expect(page.locator("#attention")).not_to_contain_text("tasks wait for it")
    expect(page.locator("#unfinished")).to_contain_text("backup")
    assert page.evaluate("window.isTheSame")


def test_hidden_dashboard_sends_no_requests(browse: Browse, failed: WorkflowRun) -> None:
    page = browse("/admin/")
    expect(page.locator('#navigation [data-count="runs"]')).to_have_text("1")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.evaluate("new Promise(requestAnimationFrame)")
    assert asked == []

    page.evaluate("delete document.hidden")
    with page.expect_response(re.compile("/admin/attention/")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_times_are_shown_in_the_zone_of_the_reader(browse: Browse, failed: WorkflowRun) -> None:
    moment = timezone.now().replace(microsecond=0) - timedelta(hours=3)
    Event.objects.update(created_at=moment)

    page = browse("/admin/workflows/event/", timezone_id="Asia/Tokyo")

    shown = page.locator("#result_list time").first
    there = moment + timedelta(hours=9)
    expect(shown).to_have_text(f"{there:%Y-%m-%d %H:%M:%S}.000")
    expect(shown).to_have_attribute("title", f"{there:%Y-%m-%d %H:%M:%S} GMT+9")


def test_suggested_action_on_the_dashboard_asks_before_it_acts(
    browse: Browse, failed: WorkflowRun
) -> None:
    page = browse("/admin/")

    page.locator("#attention li", has_text="backup").get_by_role("button", name="Retry").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry a", exact=True).click()

    expect(page.locator("#toasts")).to_contain_text("is pending")
    expect(page.locator("#attention")).not_to_contain_text("backup")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_outcomes_of_many_rows_are_accessible(browse: Browse, runs: DrawRun) -> None:
    run = runs(", ".join(f"task-{n}" for n in range(40)))
    cancel(task(run, "task-7").pk, by=who("ada"))
    page = browse("/admin/workflows/task/", viewport=NARROW, reduced_motion="reduce")

    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("Cancel")
    page.get_by_role("button", name="Cancel 40 tasks…").click()
    question = page.get_by_role("dialog")
    title = f"Cancel 39 tasks of run {run.pk}?"
    expect(question.get_by_role("heading", level=2)).to_have_text(title)
    expect(question.get_by_label("Reason")).to_be_focused()
    expect(question).to_contain_text("1 of the 40 will be refused")
    question.get_by_role("button", name="Cancel 39 tasks").click()

    told = page.locator("#toasts .toast")
    expect(told.locator("p")).to_have_text("Cancel 40 tasks 1 refused 39 done", use_inner_text=True)
    expect(page.locator("#result_list")).to_contain_text("canceled")
    told.get_by_role("button", name="Each row").click()
    panel = page.locator("dialog .outcome")
    expect(panel.locator("tbody tr")).to_have_count(40)
    expect(panel.locator("tbody tr").first).to_contain_text("task-7")
    panel.get_by_role("region").focus()
    page.keyboard.press("End")
    expect(panel.locator("tbody tr").last).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert serious_violations(page) == [], scheme


def test_dashboard_can_be_used_with_the_keyboard_alone(browse: Browse, failed: WorkflowRun) -> None:
    page = browse("/admin/")

    page.keyboard.press("Tab")
    expect(page.locator(".skip-to-content-link")).to_be_focused()
    missing = {"Dashboard", "Retry…", "Mark success…", "Approve…", "Enable it"}
    for _ in range(100):
        page.keyboard.press("Tab")
        missing.discard(page.evaluate("document.activeElement.textContent.trim()"))
    assert not missing


def test_viewer_sees_no_buttons_on_the_dashboard(browse: Browse, failed: WorkflowRun) -> None:
    oscar: User = UserFactory.create(username="oscar", is_staff=True)
    oscar.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))

    page = browse("/admin/", user=oscar)

    expect(page.locator("#attention")).to_contain_text("2 tasks wait for it")
    buttons = page.locator("#content button, #content input[type=submit], #content a.button")
    expect(buttons).to_have_count(0)


def test_api_page_works_under_its_content_security_policy(browse: Browse) -> None:
    page = browse("/docs")

    expect(page.locator("#swagger-ui")).to_contain_text("/workflow-runs")
