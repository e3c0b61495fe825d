"""The command palette: what it finds for whom, in a constant number of statements."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import ClientOf, list_url, url_of
from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, task
from workflows.models import Approval, Task, WorkflowRun, WorkflowTemplate
from workflows.operations import approve

ADDRESS = "/admin/palette/"


def found(client: Client, text: str) -> dict[str, list[dict[str, Any]]]:
    sections = client.get(ADDRESS, {"q": text}).json()["sections"]
    return {section["name"]: section["items"] for section in sections}


@pytest.fixture
def failed(runs: DrawRun) -> WorkflowRun:
    run = runs("migrate > notify", name="release")
    dispatch_all(run)
    finish(run, "migrate", "failed")
    return run


def test_number_alone_finds_its_run_first(root: Client, failed: WorkflowRun) -> None:
    sections = found(root, f"{failed.pk}")
    assert next(iter(sections)) == "Runs"
    assert sections["Runs"][0]["text"] == f"{failed.pk} release"
    assert sections["Runs"][0]["url"] == url_of(failed)


def test_name_finds_what_helps_then_runs_templates_and_steps(
    root: Client, failed: WorkflowRun
) -> None:
    sections = found(root, "rele")
    act = sections["Act"][0]
    assert (act["operation"], act["url"]) == ("retry", list_url(Task))
    assert act["rows"] == [task(failed, "migrate").pk]
    assert [each["text"] for each in sections["Act"]][-1] == "Run release…"
    assert sections["Runs"][0]["text"] == f"{failed.pk} release"
    assert sections["Templates and steps"][0]["text"] == "release"
    assert found(root, "migr")["Templates and steps"][0]["note"] == "step of release"


def test_prefixes_narrow_what_is_looked_for(root: Client, failed: WorkflowRun) -> None:
    RunFactory.create(template__name="gated", template__requires_approval=True)
    assert {*found(root, ">")} == {"Act"}
    assert {each["operation"] for each in found(root, "> approve")["Act"]} == {"approve"}
    assert [each["url"] for each in found(root, ": runners")["Pages"]] == ["/admin/runners/runner/"]


def test_people_are_found_by_the_runs_that_they_started_or_approved(
    root: Client, client_of: ClientOf
) -> None:
    gated = RunFactory.create(template__requires_approval=True, initiated_by="Anna Ek")
    approve(Approval.objects.filter(task__run=gated).earliest("pk").pk, by=who("hanna"))
    items = found(root, "@ANNA")["People"]
    assert [(each["text"], each["url"]) for each in items] == [
        ("Runs started by Anna Ek", runs_with('by:"Anna Ek"')),
        ("Runs approved by Anna Ek", runs_with('approved:"Anna Ek"')),
        ("Runs started by hanna", runs_with("by:hanna")),
        ("Runs approved by hanna", runs_with("approved:hanna")),
    ]
    few = client_of("vera", "workflows.view_workflowrun")
    assert [each["text"] for each in found(few, "@")["People"]] == ["Runs started by Anna Ek"]
    assert found(client_of("nora"), "@") == {}


def runs_with(query: str) -> str:
    return f"{list_url(WorkflowRun)}?{urlencode({'q': query})}"


def test_reader_finds_no_more_than_the_pages_show(
    client_of: ClientOf, viola: Client, failed: WorkflowRun
) -> None:
    nothing = client_of("nora")
    assert found(nothing, f"{failed.pk}") == {}
    assert found(nothing, "release") == {}
    assert "Act" not in found(viola, "")
    assert found(viola, "release")["Runs"]
    assert Client().get(ADDRESS).status_code == 302


@pytest.mark.parametrize("text", ["9" * 50, "%", "x" * 3000, '"', "> ", ":"])
def test_any_text_is_answered(root: Client, text: str) -> None:
    assert root.get(ADDRESS, {"q": text}).status_code == 200


def test_number_of_statements_grows_with_nothing(root: Client, failed: WorkflowRun) -> None:
    one = statements(root)
    for _ in range(8):
        TemplateFactory.create(name="release", drawing="migrate > notify")
        run = RunFactory.create(template__name="release", template__drawing="migrate > notify")
        dispatch_all(run)
        finish(run, "migrate", "failed")
    assert statements(root) <= one + 1
    assert one <= 20


def statements(client: Client) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(ADDRESS, {"q": "release"})
    return len(asked)


@pytest.mark.parametrize(
    ("key", "model"), [("r", WorkflowRun), ("t", WorkflowTemplate), ("a", Approval)]
)
def test_keys_lead_to_lists(root: Client, key: str, model: Any) -> None:
    assert root.get(ADDRESS, {"go": key})["Location"] == list_url(model)
    assert root.get(ADDRESS, {"go": "d"})["Location"] == "/admin/"
