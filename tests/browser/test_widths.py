"""What stays readable in every width of the window: heads, sentences, tables."""

import pytest
from playwright.sync_api import Page, expect

from runners.models import Runner
from tests.admin.conftest import url_of
from tests.browser.conftest import NARROW, Browse
from tests.factories import RunFactory, UserFactory
from tests.support.verbs import dispatch_all, finish
from workflows.models import WorkflowRun

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = "element => element.getBoundingClientRect()"


@pytest.fixture
def failed(local: Runner) -> WorkflowRun:
    run = RunFactory.create(
        template__drawing="migrate > deploy-eu, smoke-eu",
        template__labels={"team": "platform"},
        parameters={"tag": "v3.18.0", "environment": "production", "regions": ["eu", "us"]},
    )
    dispatch_all(run)
    finish(run, "migrate", "failed")
    return run


def sideways(page: Page, selector: str) -> int:
    told: int = page.eval_on_selector(
        selector, "element => element.scrollWidth - element.clientWidth"
    )
    return told


def test_labels_leave_the_graph_its_place(browse: Browse, failed: WorkflowRun) -> None:
    page = browse(url_of(failed))
    expect(page.locator("#said .chip")).to_have_text("team=platform")
    assert page.locator(".stage").evaluate(PLACE)["top"] <= 260


def test_sentence_is_beside_no_button_where_it_has_no_room(
    browse: Browse, failed: WorkflowRun
) -> None:
    page = browse(url_of(failed), viewport=NARROW)
    sentence, cures = (page.locator(f".verdict {each}").first for each in ("p", ".cures"))
    assert sentence.evaluate(PLACE)["width"] > 500
    assert cures.evaluate(PLACE)["top"] >= sentence.evaluate(PLACE)["bottom"]


def test_attempts_of_a_runner_fit_into_their_card(
    browse: Browse, failed: WorkflowRun, local: Runner
) -> None:
    page = browse(url_of(local), viewport=NARROW)
    row = page.locator("#attempts tbody tr").last
    expect(row.get_by_role("link", name=f"{failed.pk}", exact=True)).to_be_visible()
    assert sideways(page, "#attempts") <= 0
    page.set_viewport_size({"width": 1280, "height": 900})
    assert sideways(page, "#attempts") <= 0


def test_bulk_operations_show_once_a_row_is_ticked(browse: Browse) -> None:
    UserFactory.create(username="kim")
    page = browse("/admin/auth/user/", viewport=NARROW)
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
    actions = page.locator("#changelist-form .actions")
    expect(actions).to_be_hidden()
    page.locator(".action-select").first.check()
    expect(actions).to_be_visible()
