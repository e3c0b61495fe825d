"""The frame of lists: views, chips with numbers, titles; and the columns of the list of runs."""

import csv
import io
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.admin.conftest import ClientOf, list_url, text_of
from tests.factories import RunFactory, TemplateFactory
from workflows.admin.runs import export
from workflows.db import counting
from workflows.models import Approval, SavedView, WorkflowRun

EXPORT = "/admin/workflows/workflowrun/export/"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_run_list_offers_views_and_counts_beside_its_filters(root: Client) -> None:
    template = TemplateFactory.create(name="Sales")
    for day in range(6):
        run = RunFactory.create(template=template, parameters={"day": f"2026-11-{day + 10}"})
        WorkflowRun.objects.filter(pk=run.pk).update(
            state="success", started_at=NOON, finished_at=NOON + timedelta(seconds=9)
        )
    WorkflowRun.objects.filter(pk=run.pk).update(finished_at=NOON + timedelta(seconds=90))
    SavedView.objects.create(owner=str(root_of(root).pk), name="Backups", query="template:Sales")

    page = root.get(list_url(WorkflowRun))
    text, markup = text_of(page), page.content.decode()

    assert "All Failed or stuck Mine Failed today Slow this week Backups Saved views" in text
    assert "Success 6 " in text
    assert "Paused" not in text  # there is none
    assert "day 2026-11-15" in text
    assert "param%3Aday%3D2026-11-15" in markup
    assert 'took is-slow" title="usual 9.0 s">1 min 30 s' in markup
    narrowed = text_of(root.get(list_url(WorkflowRun), {"template__id__exact": template.pk}))
    assert "6 found Show all" in narrowed
    assert "Paused" in narrowed  # what else fits is not counted
    here = "template:Sales"
    found = root.get(list_url(WorkflowRun), {"q": here}).content.decode()
    assert '?q=template%3ASales" aria-current="page">Backups' in found


def test_export_is_the_list_with_all_its_pages(
    viola: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = TemplateFactory.create(name="=Sales", drawing="a, b")
    make = {"template": template, "parameters": {"day": "x"}, "initiated_by": "Ånna, ops"}
    _, second, first = (RunFactory.create(**make) for _ in range(3))
    ended = {"state": "success", "started_at": NOON, "finished_at": NOON}
    WorkflowRun.objects.filter(pk=first.pk).update(**ended)
    monkeypatch.setattr(export, "BATCH", 1)
    monkeypatch.setattr(counting, "MOST_COUNTED", 2)

    head, one, two, last = exported(viola, {"template__id__exact": template.pk})

    first_row = dict(zip(head, one, strict=True))
    del first_row["created at"]
    noon = NOON.isoformat()
    assert first_row == {
        "run": f"{first.pk}",
        "state": "success",
        "template": "'=Sales",
        "version": "1",
        "parameters": '{"day": "x"}',
        "labels": "",
        "why": "",
        "by": "Ånna, ops",
        "started at": noon,
        "finished at": noon,
        "seconds": "0.0",
        "usual seconds": "",
        "steps": "2",
        "done": "0",
    }
    assert two[0] == f"{second.pk}"
    assert two[6].startswith("Nothing has been dispatched yet.")
    assert last[0].startswith("Only the first 2 runs of the list are in this file.")


def test_export_has_what_is_searched_for_whoever_sees_the_list(
    root: Client, viola: Client, client_of: ClientOf
) -> None:
    RunFactory.create()
    wanted = RunFactory.create()
    assert [row[0] for row in exported(viola, {"q": f"{wanted.pk}"})[1:]] == [f"{wanted.pk}"]
    assert (
        "export/?q=template" in viola.get(list_url(WorkflowRun), {"q": "template"}).content.decode()
    )
    assert client_of("nora").get(EXPORT).status_code == HTTPStatus.FORBIDDEN
    assert root.get(EXPORT, {"created_at__gte": "soon"}).status_code == HTTPStatus.FOUND


def exported(client: Client, query: dict[str, Any]) -> list[list[str]]:
    answer: Any = client.get(EXPORT, query)
    assert answer["Content-Disposition"].startswith('attachment; filename="runs-')
    return list(csv.reader(io.StringIO(answer.getvalue().decode())))


def root_of(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


def test_frame_of_a_list_names_it_and_its_app(root: Client) -> None:
    page = root.get(list_url(WorkflowRun))
    assert "<title>Runs | Orchestrator" in page.content.decode()
    assert "Workflows</a> &rsaquo; Runs</div>" in page.content.decode()


def test_all_approvals_are_shown_by_the_link_that_says_so(root: Client) -> None:
    RunFactory.create(template__requires_approval=True)
    pending = text_of(root.get(list_url(Approval)))
    assert "Show all" not in pending
    decided = root.get(list_url(Approval), {"status": "approved"}).content.decode()
    assert '0 found <a href="?status=all">Show all</a>' in decided
    assert "Show all" not in text_of(root.get(list_url(Approval), {"status": "all"}))
