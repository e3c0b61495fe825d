"""The pages on which a template is read."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import VIEW_ALL, ClientOf, text_of
from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.verbs import dispatch_all, finish, start, walk
from workflows.admin.templates.grid import MOST_STEPS
from workflows.admin.templates.overview import TABS, overview_url
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import WorkflowTemplate

SCHEMA = {
    "properties": {
        "day": {"type": "string", "format": "date", "description": "Which one."},
        "token": {"type": "string", "writeOnly": True},
    },
    "required": ["day"],
}


@pytest.fixture
def template(db: None) -> WorkflowTemplate:
    """Return a template with a run that succeeded, one that failed and one that goes on."""
    template: WorkflowTemplate = TemplateFactory.create(drawing="a > b")
    walk(RunFactory.create(template=template), "a", "b")
    failed = RunFactory.create(template=template)
    dispatch_all(failed)
    finish(failed, "a", "failed", message="timed out after 3 s")
    going = RunFactory.create(template=template)
    dispatch_all(going)
    start(going, "a")
    return template


def grid_of(client: Client, template: WorkflowTemplate) -> dict[str, object]:
    html = client.get(overview_url(template.pk)).content.decode()
    [data] = re.findall(r'<script id="grid-data"[^>]*>(.*?)</script>', html)
    found: dict[str, object] = json.loads(data)
    return found


def test_history_has_figures_grid_and_what_fails(viola: Client, template: WorkflowTemplate) -> None:
    text = text_of(viola.get(overview_url(template.pk)))

    assert "Successful, last 3 50 % 1 of 2" in text
    assert "Usual duration – known from the fifth success on" in text
    assert "What fails last 3 runs a timed out after 3 s 1" in text
    data = grid_of(viola, template)
    assert [row[:4] for row in data["steps"]] == [["a", 1, None, "sfr"], ["b", 0, None, "sip"]]  # type: ignore[attr-defined]
    assert data["is_live"] is True
    assert viola.get(overview_url(template.pk, "grid")).json()["steps"] == data["steps"]


def test_history_takes_the_same_statements_for_more_runs_and_steps(viola: Client) -> None:
    def statements(steps: int, runs: int) -> int:
        drawing = ", ".join(f"first > s{n}" for n in range(steps))
        template = TemplateFactory.create(drawing=drawing)
        for _ in range(runs):
            run = RunFactory.create(template=template)
            dispatch_all(run)
            finish(run, "first", "failed")
        with CaptureQueriesContext(connection) as taken:
            assert viola.get(overview_url(template.pk)).status_code == 200
        return len(taken)

    assert statements(2, 2) == statements(30, 8) <= 20


def test_every_tab_is_a_page(viola: Client, template: WorkflowTemplate, groups: None) -> None:
    said = {
        "runs": "Latest runs",
        "graph": "Graph",
        "parameters": "It names none: a run may be given any.",
        "who": "Run it Workflow operator may not",
    }
    for tab in TABS:
        answer = viola.get(overview_url(template.pk, tab))
        assert answer.status_code == 200
        assert said.get(tab, "Steps over the last 3 runs") in text_of(answer)
    assert viola.get(overview_url(10**9)).status_code == 404


def test_parameters_and_approvals_are_told(viola: Client) -> None:
    steps = [{"step_id": "a", "title": "A", "requires_approval": True}]
    data = {"name": "t", "steps": steps, "parameters_schema": SCHEMA}
    template = create_template(parse_template(data), by=who("ada"))

    parameters = text_of(viola.get(overview_url(template.pk, "parameters")))
    assert "day date – yes Which one. token string, secret" in parameters
    assert "Steps that ask: a." in text_of(viola.get(overview_url(template.pk, "who")))
    assert "It has never run." in text_of(viola.get(overview_url(template.pk)))


def test_readers_see_what_they_may(client_of: ClientOf, template: WorkflowTemplate) -> None:
    nora = client_of("nora")
    blind = client_of("blind", "workflows.view_workflowtemplate")
    of_runs = client_of("rita", "workflows.view_workflowtemplate", "workflows.view_workflowrun")
    for tab in (*TABS, "grid"):
        assert nora.get(overview_url(template.pk, tab)).status_code == 403
    assert "permission to view runs" in text_of(blind.get(overview_url(template.pk)))
    for tab in ("runs", "grid"):
        assert blind.get(overview_url(template.pk, tab)).status_code == 403
    assert grid_of(of_runs, template)["steps"] == []
    runner = client_of("rob", "workflows.add_workflowrun", *VIEW_ALL)
    assert "Run…" in text_of(runner.get(overview_url(template.pk)))
    assert "Run…" not in text_of(of_runs.get(overview_url(template.pk)))


def test_large_grid_has_the_first_steps_and_those_that_failed(viola: Client) -> None:
    many = MOST_STEPS + 20
    drawing = ", ".join(f"s{n}" for n in range(many))
    template = TemplateFactory.create(drawing=drawing)
    run = RunFactory.create(template=template)
    dispatch_all(run)
    finish(run, f"s{many - 1}", "failed")

    data = grid_of(viola, template)

    assert len(data["steps"]) == MOST_STEPS + 1  # type: ignore[arg-type]
    assert data["left_out"] == 19
