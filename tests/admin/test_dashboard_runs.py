"""Failed runs on the dashboard: what they printed, and which of them failed in the same way."""

import re

import pytest
from django.test import Client

from tests.admin.conftest import VIEW_ALL, ClientOf, text_of
from tests.admin.test_dashboard import INDEX, dashboard
from tests.factories import RunFactory, TemplateFactory
from tests.support.verbs import ask_for_approval, attempt, dispatch_all, finish
from workflows.models import LogPiece, WorkflowRun, WorkflowTemplate


def failed_run(template: WorkflowTemplate, printed: str) -> WorkflowRun:
    """Return a failed run of a template whose step `load` has printed something."""
    run: WorkflowRun = RunFactory.create(template=template)
    dispatch_all(run)
    LogPiece.objects.create(attempt=attempt(run, "load"), offset=0, text=printed)
    finish(run, "load", "failed", message="exit code 1")
    return run


@pytest.fixture
def backup(db: None) -> WorkflowTemplate:
    """Return a template with a step `load`, and one that waits for it."""
    template: WorkflowTemplate = TemplateFactory.create(name="backup", drawing="load > tell")
    return template


def test_runs_that_failed_in_the_same_way_are_one_item(
    olga: Client, backup: WorkflowTemplate
) -> None:
    same = [
        failed_run(backup, f"copying\n\x1b[31mUniqueViolation\x1b[0m: key ({key}) exists\n")
        for key in (88123, 88124, 90001)
    ]
    other = failed_run(backup, "ERROR disk full\nbye\n")

    text, html = dashboard(olga), olga.get(INDEX).content.decode()

    numbers = ", ".join(str(run.pk) for run in reversed(same))
    assert f"backup · load failed the same way in 3 runs: {numbers} " in text
    assert "UniqueViolation: key (90001) exists" in text
    assert f"backup · run {other.pk}: load failed" in text
    assert "ERROR disk full" in text
    assert re.search(r'value="retry">.*?Retry 3…', html)


def test_what_tasks_printed_is_shown_to_those_who_may_see_attempts(
    client_of: ClientOf, olga: Client, backup: WorkflowTemplate
) -> None:
    failed_run(backup, "ERROR disk full")

    assert "disk full" in dashboard(olga)
    assert "disk full" not in dashboard(client_of("pat", "workflows.view_workflowrun"))


def test_mine_are_runs_that_the_reader_started_and_approvals_they_may_decide(
    olga: Client, client_of: ClientOf, backup: WorkflowTemplate
) -> None:
    others = failed_run(backup, "disk full\n")
    own = failed_run(backup, "no route\n")
    WorkflowRun.objects.filter(pk=own.pk).update(initiated_by="olga")
    gate: WorkflowRun = RunFactory.create(template=backup)
    approval = ask_for_approval(gate, "load")

    everything, mine = dashboard(olga), text_of(olga.get(f"{INDEX}?attention=mine"))
    dora = client_of("dora", "workflows.decide_approval", *VIEW_ALL)
    hers = text_of(dora.get(f"{INDEX}?attention=mine"))

    assert f"run {others.pk}: load failed" in everything
    assert f"run {own.pk}: load failed" in mine
    assert f"run {others.pk}: load failed" not in mine
    assert "Failed and stuck runs 1" in mine
    assert f"run {gate.pk} · {approval.task}" not in mine
    assert f"run {gate.pk} · {approval.task}" in hers
    WorkflowRun.objects.filter(pk=gate.pk).update(approver_must_differ=True, created_by="dora")
    assert "Nothing of yours needs attention" in text_of(dora.get(f"{INDEX}?attention=mine"))
