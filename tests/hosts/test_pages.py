"""In each host, a workflow is drawn, run, approved, seen to fail and cured, in Chromium."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.builder import button, choose_kind, drag, name_step
from tests.browser.test_watching_runs import vertex
from tests.hosts.conftest import Host, log_in
from tests.support.long import long_only

pytestmark = [pytest.mark.slow, long_only]


def test_workflow_is_drawn_run_and_cured(host: Host, page: Page) -> None:
    flag = host.project.folder / "flag-of-pages"
    admin = host.kind.admin
    log_in(page, host)
    page.goto(f"{admin}workflows/workflowtemplate/add/")
    button(page, "New template").click()
    page.get_by_label("Name:").fill("Drawn")
    button(page, "Add step").click()
    name_step(page, "build")
    command(page, "echo built")
    drag(page, "build", (60, 150))
    name_step(page, "release")
    command(page, f"ls {flag}")
    page.get_by_label("Ask somebody first").check()
    button(page, "Save").click()
    expect(page.locator(".builder-status")).to_have_text("Saved as version 1.")

    run(page)
    expect(vertex(page, "build, success")).to_be_visible()
    expect(vertex(page, "release, waits for approval")).to_be_visible()
    answer(page, "Approve", "go")
    expect(vertex(page, "release, failed")).to_be_visible()

    flag.touch()
    vertex(page, "release, failed").click()
    answer(page, "Retry", "the flag is there")
    expect(vertex(page, "release, success")).to_be_visible()
    expect(page.locator("#part-summary .badge").first).to_have_text("success")


def run(page: Page) -> None:
    """Run the template that is on the page."""
    page.get_by_label("More").click()
    page.get_by_role("link", name="Run…").click()
    button(page, "Run").click()
    page.wait_for_url(re.compile(r"/workflowrun/\d+/change/"))


def command(page: Page, line: str) -> None:
    """Have the chosen step run a command."""
    choose_kind(page, "Command")
    page.get_by_role("textbox", name="Command").fill(line)


def answer(page: Page, operation: str, reason: str) -> None:
    """Press the button of an operation, give a reason in its dialog, and confirm."""
    page.get_by_role("button", name=re.compile(f"^{operation}")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(reason)
    dialog.get_by_role("button", name=operation).click()
    expect(dialog).to_have_count(0)
