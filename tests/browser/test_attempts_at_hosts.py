"""An attempt that nobody answers for: an operator asks, gives it up, and retries with open eyes."""

from playwright.sync_api import expect

from tests.browser.conftest import Browse
from tests.browser.test_operating_runs import answer
from tests.browser.test_watching_runs import open_run, vertex
from tests.runners.http.conftest import host  # noqa: F401 (a fixture)
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.verbs import dispatch, states, trail


def test_operator_asks_gives_up_and_retries(
    browse: Browse,
    runs: DrawRun,
    host: HostRunner,  # noqa: F811 (the fixture)
) -> None:
    run = runs("train > publish")
    dispatch(run)
    page = open_run(browse, run)
    vertex(page, "train").click()
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="Ask now").click()
    expect(page.locator("body")).to_contain_text("Runner gpu-1 says queued")
    panel.get_by_label("More operations").click()
    panel.get_by_role("button", name="Declare lost…").click()
    expect(page.get_by_role("dialog")).to_contain_text("may")
    answer(page, "Declare train lost", "the machine was scrapped")
    expect(panel).to_contain_text("failed")
    panel.get_by_role("button", name="Retry…").click()
    expect(page.get_by_role("dialog")).to_contain_text("it may then run twice")
    answer(page, "Retry train", "on the new machine")
    assert states(run)["train"] == "pending"
    assert [line for line in trail(run) if "asked" in line or "lost" in line] == [
        "task.asked train",
        "task.lost train",
    ]
