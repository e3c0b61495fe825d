"""In a host, each page of ours loads few files, and the bundled modules do what they should."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.hosts.conftest import Host, log_in
from tests.hosts.person import Person
from tests.support.database import SERVER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),  # packages are downloaded
    pytest.mark.skipif(SERVER.startswith("postgres"), reason="a database has no say in files"),
]

MOST = 12
STEPS = [
    {"step_id": "build", "title": "Build", "payload": {"command": ["echo", "built"]}},
    {
        "step_id": "test",
        "title": "Test",
        "payload": {"command": ["sh", "-c", "echo tested; false"]},
    },
    {"step_id": "ask", "title": "Ask", "requires_approval": True, "payload": {"command": ["ls"]}},
]
PAGES = {
    "operations/": "#dashboard",
    "workflowrun/": "#result_list .action-select",
    "workflowrun/{run}/change/": '#graph .vertex[aria-label*="failed"]',
    "workflowrun/{run}/logs/": ".log-scroller >> text=tested",
    "task/{build}/change/": ".log-scroller >> text=built",
    "workflowtemplate/{template}/overview/": ".history-body .row",
    "workflowtemplate/{template}/change/": "#builder .vertex",
    "approval/{approval}/change/": ".decide",
    "workflowrun/compare/?a={run}&b={run}": ".title-line",
}
"""The main pages, and what each shows when it works."""


def test_pages_load_few_files(host: Host, page: Page) -> None:
    with Person(host.kind, host.project.url, host.kind.user) as ada:
        ids = failed_run(ada)
    log_in(page, host)
    frame = asked_for(page, host.kind.admin, "#site-name")
    for path, shown in PAGES.items():
        asked = asked_for(page, f"{host.kind.admin}workflows/{path.format(**ids)}", shown) - frame
        assert 1 < len(asked) <= MOST, "\n".join(sorted(asked))

    page.goto(f"{host.kind.admin}workflows/workflowrun/{ids['run']}/change/")
    page.get_by_role("button", name=re.compile("^Retry")).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def failed_run(ada: Person) -> dict[str, int]:
    """Run the steps until one has failed; return the ids that addresses have."""
    template = ada.post("/workflow-templates", name="few files", steps=STEPS)["id"]
    run = ada.post("/workflow-runs", workflow_template_id=template, auto_dispatch=True)["id"]
    ended = {"build": "success", "test": "failed", "ask": "pending"}
    ada.wait(lambda: ada.tasks(run) == ended, lambda: ada.tasks(run))
    [approval] = ada.get("/approvals", status="pending", run_id=run)["results"]
    build = ada.task(run, "build")
    return {"template": template, "run": run, "build": build, "approval": approval["id"]}


def asked_for(page: Page, path: str, shown: str) -> set[str]:
    """Open a page with nothing in the cache; return its address, and those of its files."""
    found: set[str] = set()

    def note(request: Request) -> None:
        if request.resource_type != "fetch":  # what is new is asked for as long as a page is open
            found.add(request.url)

    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.on("request", note)
    page.goto(path, wait_until="load")
    expect(page.locator(shown).first).to_be_visible()
    page.remove_listener("request", note)
    return found
