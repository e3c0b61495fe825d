"""The log viewer: in the panel of a run, on the page of a task, and in the whole window."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.admin.conftest import url_of
from tests.browser.axe import serious_violations
from tests.browser.conftest import Browse
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, finish, start, task
from workflows.models import LogPiece, TaskAttempt, WorkflowRun
from workflows.models.attempt import LARGEST_PIECE
from workflows.operations.tasks import retry

BEGIN = datetime(2030, 1, 1, 2, 17, 44, tzinfo=UTC)
LINES = 20_000
ERROR_LINE = 12_345


def store(of: TaskAttempt, text: str) -> None:
    """Store a log in large pieces, a second after each other."""
    LogPiece.objects.bulk_create(
        LogPiece(
            attempt=of,
            offset=at,
            text=text[at : at + LARGEST_PIECE],
            at=BEGIN + timedelta(seconds=at / LARGEST_PIECE),
        )
        for at in range(0, len(text), LARGEST_PIECE)
    )


def colourful(n: int) -> str:
    if n == ERROR_LINE:
        return f"\x1b[1;31mERROR\x1b[0m line {n}: <b>duplicate</b> key\n"
    return f"\x1b[32mINFO\x1b[0m  line {n} of region {n % 7}, partition \x1b[34mp{n}\x1b[0m\n"


@pytest.fixture
def failed(runs: DrawRun) -> WorkflowRun:
    """Return a run whose task failed twice; the second time it had printed a megabyte."""
    run = runs("migrate > deploy, lint")
    dispatch_all(run)
    store(attempt(run, "lint"), "region 3 is fine\n")
    begun = "".join(colourful(n) for n in range(1, 101) if n != 50)
    store(attempt(run, "migrate"), f"{begun}\x1b[31mERROR\x1b[0m no disk\n")
    finish(run, "lint")
    finish(run, "migrate", "failed", exit_code=1)
    retry(task(run, "migrate").pk, by=who("test"))
    dispatch_all(run)
    store(attempt(run, "migrate"), "".join(map(colourful, range(1, LINES + 1))))
    finish(run, "migrate", "failed", exit_code=1, message="exit code 1")
    return run


def rows(page: Page) -> int:
    return page.locator(".log-row").count()


def top_of(pane: Locator, text: str) -> float:
    row = pane.locator(".log-row", has_text=text)
    return float(row.evaluate("row => row.getBoundingClientRect().top"))


def test_log_of_a_megabyte_is_searched_and_read_in_the_whole_window(
    browse: Browse, failed: WorkflowRun
) -> None:
    one = task(failed, "migrate").pk
    page = browse(f"{url_of(failed, 'logs')}#task-{one}:L{ERROR_LINE}")

    chosen = page.locator(".log-row.is-chosen")
    expect(chosen).to_contain_text(f"ERROR line {ERROR_LINE}: <b>duplicate</b> key")
    expect(chosen.locator(".log-time")).to_have_text(re.compile(r"^02:18:\d\d$"))
    expect(chosen.get_by_text("ERROR")).to_have_class("hue-bad is-bold")
    expect(page.locator(".log-place")).to_have_text("line 12,345 of 20,000")
    assert rows(page) < 100

    page.keyboard.press("/")
    page.keyboard.type("region 3")
    expect(page.locator(".log-count")).to_have_text("1,765 of 2,857")
    page.keyboard.press("Enter")
    expect(page.locator(".log-count")).to_have_text("1,766 of 2,857")
    expect(page.locator("mark.is-current")).to_be_in_viewport()
    page.get_by_role("button", name="Regular expression").last.click()
    page.get_by_label("Search in this log").fill("line 2000?0 ")
    expect(page.locator(".log-count")).to_have_text("2 of 2")
    page.locator(".log-scroller").focus()
    page.keyboard.press("e")
    expect(page.locator(".log-row.is-chosen")).to_contain_text("ERROR")
    page.locator(".log-row").nth(3).locator("a").click()
    expect(page).to_have_url(re.compile(rf"#task-{one}:L123\d\d$"))


def test_all_logs_of_a_run_are_searched(browse: Browse, failed: WorkflowRun) -> None:
    page = browse(url_of(failed, "logs"))
    expect(page.locator(".log-steps [aria-current]")).to_contain_text("migrate")

    page.get_by_label("Search in all logs of the run").fill("region 3")
    expect(page.locator(".log-told")).to_contain_text("2 logs · 2,858 hits in 2")
    assert serious_violations(page) == []
    page.keyboard.press("Tab")
    page.locator(".log-scroller").focus()
    page.keyboard.press("]")
    expect(page.locator(".log-steps [aria-current]")).to_contain_text("deploy")
    page.keyboard.press("]")
    expect(page.locator(".log-row").last).to_contain_text("region 3 is fine")


def test_attempts_stand_side_by_side_with_their_differences_marked(
    browse: Browse, failed: WorkflowRun
) -> None:
    page = browse(f"{url_of(failed, 'logs')}#task-{task(failed, 'migrate').pk}:A1")

    expect(page.locator(".log-row").last).to_contain_text("ERROR no disk")
    page.get_by_role("link", name="Attempt 2").click()
    expect(page.locator(".log-row").last).to_contain_text("line 20000 of region")
    page.get_by_role("button", name="Side by side").click()
    walk = page.get_by_role("group", name="Differences")
    expect(walk).to_contain_text("1 of 2 differences")
    older, newer = page.locator(".log-pane").all()
    expect(older.locator(".is-different")).to_have_count(0)
    expect(newer.locator(".is-different")).to_have_text(re.compile(r"^50\+.*line 50 of"))
    page.keyboard.press("d")
    expect(walk).to_contain_text("2 of 2 differences")
    expect(older.locator(".is-different")).to_have_text(re.compile(r"^100−.*ERROR no disk$"))
    expect(newer.locator(".is-different").first).to_contain_text("line 101 of")
    assert abs(top_of(older, "ERROR no disk") - top_of(newer, "line 101 of")) <= 1
    assert serious_violations(page) == []
    newer.locator(".log-scroller").evaluate("each => each.scrollTo(0, 60 * 18)")
    expect(older.locator(".log-row").first).to_contain_text("line 61 of")
    assert abs(top_of(older, "line 70 of") - top_of(newer, "line 70 of")) <= 1
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/change/#task-\d+"))


def test_panel_follows_what_is_printed_until_somebody_scrolls(
    browse: Browse, runs: DrawRun
) -> None:
    run = runs("a")
    dispatch_all(run)
    start(run, "a")
    text = "".join(f"line {n}\n" for n in range(200))
    store(attempt(run, "a"), text)
    page = browse(f"{url_of(run)}#task-{task(run, 'a').pk}")

    expect(page.locator(".log-row").last).to_have_text(re.compile("line 199$"))
    LogPiece.objects.create(attempt=attempt(run, "a"), offset=len(text), text="17 rows 🙂\n")
    expect(page.locator(".log-row").last).to_contain_text("17 rows 🙂")
    expect(page.locator(".log-state")).to_contain_text("following")

    page.locator(".log-scroller").evaluate("each => each.scrollTo(0, 0)")
    expect(page.locator(".log-row").first).to_contain_text("line 0")
    LogPiece.objects.create(attempt=attempt(run, "a"), offset=len(text) + 10, text="x\ny\n")
    pill = page.get_by_role("button", name="2 new lines")
    assert serious_violations(page) == []
    pill.click()
    expect(page.locator(".log-row").last).to_have_text(re.compile("y$"))
    finish(run, "a", exit_code=0)
    expect(page.locator(".log-state")).to_have_text("ended")
    expect(page.get_by_role("complementary")).to_contain_text("exit code 0")


def test_page_of_a_task_has_its_log_first_and_stays_up_to_date(
    browse: Browse, runs: DrawRun
) -> None:
    run = runs("a > b")
    page = browse(url_of(task(run, "a")))
    expect(page.get_by_role("tab", selected=True)).to_have_text("Command")

    dispatch_all(run)
    start(run, "a")
    store(attempt(run, "a"), "hello\n")
    expect(page.locator(".log-row")).to_contain_text("hello")
    expect(page.locator("h1")).to_have_text("a")
    page.get_by_role("tab", name="Dependencies").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("b pending")
    assert serious_violations(page) == []
    finish(run, "a", "failed", message="no disk")
    expect(page.locator(".panel-notes")).to_contain_text("no disk")


def test_panel_that_could_not_be_loaded_says_so(browse: Browse, runs: DrawRun) -> None:
    run = runs("a")
    page = browse(url_of(run))
    page.wait_for_selector("html[data-run=shown]")
    page.route("**/panel/", lambda route: route.fulfill(status=409))
    page.locator("#graph").get_by_role("button", name=re.compile("^a, ready")).click()

    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("This task could not be loaded.")
    page.unroute("**/panel/")
    panel.get_by_role("button", name="Try again").click()
    expect(panel.locator("h2")).to_have_text("a")


def test_hit_far_to_the_right_in_a_long_line_comes_into_sight(
    browse: Browse, runs: DrawRun
) -> None:
    run = runs("migrate")
    dispatch_all(run)
    store(attempt(run, "migrate"), f"{'x' * 5000}needle{'y' * 5000}\n")
    page = browse(f"{url_of(run, 'logs')}#task-{task(run, 'migrate').pk}")
    expect(page.locator(".log-row")).to_have_count(1)

    page.get_by_label("Search in this log").fill("needle")

    expect(page.locator("mark.is-current")).to_be_in_viewport()
