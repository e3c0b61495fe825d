"""Pages go on after errors, tell how old they are, and ask before they act."""

import re

import pytest
from django.conf import settings as project
from playwright.sync_api import Page, expect
from pytest_django import Settings

from runners.models import Runner
from tests.admin.conftest import list_url, url_of
from tests.browser.axe import serious_violations
from tests.browser.conftest import Browse
from tests.factories import RunnerFactory, UserFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, start, state, states
from workflows.models import Task, WorkflowTemplate

ATTENTION, CHANGES = re.compile("/attention/"), re.compile("/changes/")
FAILS = r"Failed to load resource"
SOON = 20_000


def look_again(page: Page) -> None:
    """Come back to the page, which then asks at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def log_in(page: Page) -> None:
    """Log in as ada on the site's own page."""
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("swordfish")
    page.get_by_role("button", name="Log in").click()


def test_dashboard_goes_on_after_a_bad_answer(browse: Browse, runs: DrawRun) -> None:
    run = runs("a > b", name="backup")
    page = browse("/admin/", provoked=FAILS)
    expect(page.locator("#freshness")).to_contain_text("live · ")
    page.route(ATTENTION, lambda route: route.fulfill(status=502, body=""), times=1)
    look_again(page)

    dispatch_all(run)
    finish(run, "a", "failed")

    expect(page.locator("#attention")).to_contain_text("backup", timeout=SOON)
    expect(page.locator('#navigation [data-count="runs"]')).to_have_text("1")
    expect(page).to_have_title(re.compile(r"^\(1\) Dashboard"))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("favicon-bad"))


def test_page_says_that_the_site_cannot_be_reached(browse: Browse, runs: DrawRun) -> None:
    page = browse(url_of(runs("a > b")), provoked=FAILS)
    expect(page.locator("#freshness")).to_contain_text("live · ")
    page.clock.install()
    page.route(re.compile("/admin/"), lambda route: route.abort())
    page.clock.run_for(20_000)

    banner = page.locator("#connection")
    expect(banner).to_contain_text("Cannot reach the site; this is from")
    assert serious_violations(page) == []
    page.get_by_role("button", name="a, ready").click()
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("This task could not be loaded.")
    expect(panel.get_by_role("button", name="Close")).to_be_visible()

    page.unroute_all()
    banner.get_by_role("button", name="Try now").click()

    expect(banner).to_have_count(0)
    expect(panel.locator("h2")).to_have_text("a")


def test_graph_that_could_not_be_loaded_is_tried_again(browse: Browse, runs: DrawRun) -> None:
    page = browse("/admin/", provoked=FAILS)
    page.route(re.compile(r"\d/graph/"), lambda route: route.fulfill(status=503, body=""), times=1)
    page.goto(url_of(runs("a > b")))

    expect(page.locator("#graph")).to_contain_text("The graph could not be loaded.")
    page.locator("#graph").get_by_role("button", name="Try again").click()

    expect(page.locator("#graph .vertex")).to_have_count(2)


def test_page_goes_on_once_somebody_has_logged_in_again(browse: Browse, runs: DrawRun) -> None:
    run = runs("a > b", name="backup")
    dispatch_all(run)
    finish(run, "a", "failed")
    UserFactory.create(username="ada", is_staff=True, is_superuser=True)
    page = browse("/admin/")
    page.evaluate("window.isTheSame = true")
    page.context.clear_cookies()
    look_again(page)

    banner = page.locator("#connection")
    expect(banner).to_contain_text("You are logged out. Nothing is lost")
    page.locator("#attention").get_by_role("button", name="Retry…").click()
    expect(page.locator("#toasts")).to_contain_text("You are logged out, and nothing was done.")
    with page.expect_popup() as opened:
        banner.get_by_role("link", name="Log in…").click()
    login = opened.value
    log_in(login)

    expect(banner).to_have_count(0)
    page.locator("#attention").get_by_role("button", name="Retry…").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry a").click()
    expect(page.locator("#toasts")).to_contain_text("(a) is pending.")
    expect(page.locator("#attention")).not_to_contain_text("backup")
    assert login.is_closed()
    assert page.evaluate("window.isTheSame")


def test_ended_run_is_asked_no_more(browse: Browse, runs: DrawRun) -> None:
    run = runs("a", name="backup")
    dispatch_all(run)
    start(run, "a")
    page = browse(url_of(run))
    expect(page).to_have_title(re.compile(rf"^▶ 0/1 {run.pk} backup"))
    finish(run, "a")

    expect(page.locator("#freshness")).to_have_text("ended · no polling")
    expect(page).to_have_title(re.compile(rf"^✓ {run.pk} backup"))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("favicon-good"))
    asked: list[str] = []
    page.clock.install()
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(120_000)
    assert asked == []

    with page.expect_request(CHANGES):
        look_again(page)


def test_line_of_the_dashboard_goes_once_it_is_dealt_with(browse: Browse, runs: DrawRun) -> None:
    for name in ("one", "two", "three"):
        runs("a", name=name, requires_approval=True)
    page = browse("/admin/")
    lines = page.locator("#attention li", has_text="approval")
    expect(lines).to_have_count(3)

    lines.first.get_by_role("button", name="Approve…").click()
    question = page.get_by_role("dialog")
    expect(question.get_by_label("Comment")).to_be_focused()
    page.keyboard.press("Escape")
    expect(lines.first.get_by_role("button", name="Approve…")).to_be_focused()
    for left in (2, 1, 0):
        page.keyboard.press("Enter")
        question.get_by_role("button", name="Approve a", exact=True).click()
        expect(page.locator("#toasts .toast").last).to_contain_text("(a) is approved.")
        expect(lines).to_have_count(left)
        if left:
            expect(lines.first.get_by_role("button", name="Approve…")).to_be_focused()

    assert not Task.objects.filter(awaits_approval=True).exists()
    assert serious_violations(page) == []


def test_red_button_takes_more_than_enter(browse: Browse, runs: DrawRun) -> None:
    run, other = runs(", ".join("abcd"), name="montage"), runs("e > f")
    page = browse(list_url(Task))
    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("Cancel")
    page.get_by_role("button", name="Cancel 6 tasks…").click()

    question = page.get_by_role("dialog")
    expect(question.get_by_role("heading", level=2)).to_have_text("Cancel 6 tasks in 2 runs?")
    expect(question).to_contain_text(f"run {run.pk} montage 4 tasks")
    assert serious_violations(page) == []
    question.get_by_role("button", name="Cancel 6 tasks").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    assert {*states(run).values(), *states(other).values()} == {"pending"}

    page.get_by_role("button", name="Cancel 6 tasks…").click()
    question.get_by_role("button", name="Keep them").click()
    expect(question).to_have_count(0)
    page.get_by_role("button", name="Cancel 6 tasks…").click()
    question.get_by_role("button", name="Cancel 6 tasks").press("Space")
    expect(page.locator("#toasts")).to_contain_text("6 done")
    expect(page.locator("#result_list")).to_contain_text("canceled")
    assert {*states(run).values()} == {"canceled"}


def test_rows_are_deleted_by_a_question_in_place(browse: Browse, runs: DrawRun) -> None:
    runs("a > b", name="nightly")
    spare = RunnerFactory.create(name="spare")
    page = browse(list_url(Runner))
    page.get_by_role("row", name=re.compile("spare")).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("delete_selected")
    page.get_by_role("button", name="Delete 1 runner…").click()
    question = page.get_by_role("dialog", name="Delete runner spare?")
    expect(question.get_by_role("button", name="Keep it")).to_be_focused()
    assert serious_violations(page) == []
    question.get_by_role("button", name="Delete runner spare").click()
    expect(page.locator("#toasts")).to_contain_text("Successfully deleted 1 runner")
    expect(page.locator("#result_list")).not_to_contain_text("spare")
    assert not Runner.objects.filter(pk=spare.pk).exists()

    page.goto(url_of(WorkflowTemplate.objects.get(), "overview"))
    page.get_by_label("More").click()
    page.get_by_role("link", name="Delete…").click()
    question = page.get_by_role("dialog", name=re.compile("nightly and its 2 steps"))
    expect(question).to_be_visible()
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    page.get_by_role("link", name="Delete…").click()
    question.get_by_role("button", name="Delete template nightly").click()
    page.wait_for_url(re.compile("/workflowtemplate/$"))
    expect(page.locator("#toasts")).to_contain_text("nightly")
    assert not WorkflowTemplate.objects.exists()


def test_watched_run_notifies_once(browse: Browse, runs: DrawRun) -> None:
    run = runs("a", name="backup")
    dispatch_all(run)
    page = browse(url_of(run), permissions=["notifications"])
    page.evaluate("""() => {
        window.Notification = class extends EventTarget {
            static permission = "granted";
            static requestPermission = async () => "granted";
            constructor(title) { super(); document.body.dataset.told = title; }
        };
    }""")
    bell = page.get_by_role("button", name="Notify me")
    bell.click()
    expect(bell).to_have_attribute("aria-pressed", "true")
    look_again(page)
    expect(page.locator("#freshness")).to_contain_text("live")

    finish(run, "a")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    look_again(page)

    told = f"✓ Run {run.pk} backup: success"
    expect(page.locator("body")).to_have_attribute("data-told", told)
    expect(bell).to_have_attribute("aria-pressed", "false")
    assert state(run) == "success"


@pytest.fixture
def _desk(settings: Settings) -> None:
    """Be another project, with a plain admin site of its own."""
    settings.ROOT_URLCONF = "tests.admin.three_sites"
    settings.TEMPLATES = [{**project.TEMPLATES[0], "DIRS": []}]


@pytest.mark.usefixtures("_desk")
def test_dashboard_in_another_project_asks_and_tells(browse: Browse, runs: DrawRun) -> None:
    runs("a", name="backup", requires_approval=True)
    page = browse("/staff/desk/workflows/operations/")
    expect(page.locator("#content #freshness")).to_contain_text("live · ")

    page.locator("#attention").get_by_role("button", name="Approve…").click()
    question = page.get_by_role("dialog")
    question.get_by_role("button", name="Approve a").click()
    expect(page.locator("#toasts")).to_contain_text("(a) is approved.")
    expect(page.locator("#attention")).to_contain_text("Nothing needs your attention.")

    page.context.clear_cookies()
    look_again(page)
    login = page.locator("#connection").get_by_role("link", name="Log in…")
    expect(login).to_have_attribute("href", "/staff/desk/workflows/operations/session/")


def test_form_is_sent_once_somebody_has_logged_in_again(browse: Browse) -> None:
    UserFactory.create(username="ada", is_staff=True, is_superuser=True)
    page = browse("/admin/runners/runner/add/")
    page.locator("#id_name").fill("gpu-farm")
    page.context.clear_cookies()

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("You are logged out, and nothing was sent.")
    with page.expect_popup() as opened:
        page.locator("#connection").get_by_role("link", name="Log in…").click()
    log_in(opened.value)
    expect(page.locator("#connection")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator("#toasts")).to_contain_text("was added successfully")
    assert Runner.objects.filter(name="gpu-farm").exists()


def test_proxy_without_an_answer_leaves_open_whether_it_was_done(
    browse: Browse, runs: DrawRun
) -> None:
    run = runs("a > b", name="backup")
    dispatch_all(run)
    finish(run, "a", "failed")
    page = browse("/admin/", provoked=FAILS)
    page.locator("#attention").get_by_role("button", name="Retry…").click()
    decide = page.get_by_role("dialog").get_by_role("button", name="Retry a")
    expect(decide).to_be_visible()
    page.route(re.compile("/task/$"), lambda route: route.fulfill(status=504, body="<p>gone</p>"))

    decide.click()

    expect(page.get_by_role("dialog")).to_contain_text("Whether this was done is not known")
