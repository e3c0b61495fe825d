"""What entry points call has committed when they answer."""

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from workflows.db.doors import InsideTransaction, durably
from workflows.models import LastLook, WorkflowRun
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.operations.runs import pause
from workflows.runs.creation import create_run

in_no_transaction = pytest.mark.django_db(transaction=True)


@in_no_transaction
def test_what_is_called_durably_has_committed() -> None:
    durably(LastLook.objects.create, name="one")
    assert not connection.in_atomic_block
    assert LastLook.objects.exists()


@in_no_transaction
def test_dispatch_refuses_to_run_inside_a_transaction(runs: DrawRun) -> None:
    run = runs("a")
    why = "dispatch_ready was called inside a transaction"
    with pytest.raises(InsideTransaction, match=why), transaction.atomic():
        dispatch_ready(run.pk, by=who("ada"))
    run.refresh_from_db()
    assert run.state == "created"
    assert dispatch_ready(run.pk, by=who("ada")).dispatches


@in_no_transaction
def test_other_operations_live_and_die_with_the_transaction_of_their_caller(runs: DrawRun) -> None:
    run = runs("a")
    with transaction.atomic():
        pause(run.pk, by=who("ada"))
        create_run(template_id=run.template_id, by=who("ada"))
        transaction.set_rollback(True)
    run.refresh_from_db()
    assert (run.state, WorkflowRun.objects.count()) == ("created", 1)


@in_no_transaction
@pytest.mark.usefixtures("atomic_requests")
def test_requests_that_a_project_wraps_in_transactions_submit_before_they_answer(
    admin_client: Client, runs: DrawRun, script: Script
) -> None:
    run, other = runs("a"), runs("b")
    url = f"/admin/workflows/workflowrun/{other.pk}/dispatch-ready/"
    assert admin_client.post(url, {"how": "all"}).status_code == 302
    answer = admin_client.post(
        f"/workflow-runs/{run.pk}/dispatch-ready", {}, content_type="application/json"
    )
    assert answer.json()["dispatch"]["runner_submission"]["submitted"]
    assert script.titles == ["b", "a"]
    body = {"workflow_template_id": run.template_id}
    created = admin_client.post("/workflow-runs", body, content_type="application/json")
    assert created.status_code == 201
    refused = admin_client.post(
        f"/workflow-runs/{run.pk}/resume", {}, content_type="application/json"
    )
    assert (refused.status_code, WorkflowRun.objects.count()) == (409, 3)


@pytest.fixture
def atomic_requests(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Django wrap every view in a transaction that does not say otherwise."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)


def views(resolver: URLResolver, prefix: str = "") -> list[tuple[str, URLPattern]]:
    """Return all URLs with their views."""
    found = []
    for each in resolver.url_patterns:
        path = prefix + str(each.pattern)
        found += views(each, path) if isinstance(each, URLResolver) else [(path, each)]
    return found


def test_no_page_or_endpoint_of_ours_is_wrapped_in_a_transaction() -> None:
    """A project may have ATOMIC_REQUESTS."""
    ours: dict[str, set[str]] = {
        path: getattr(url.callback, "_non_atomic_requests", set())
        for path, url in views(get_resolver())
        if path.startswith(("admin/workflows/", "workflow-", "tasks", "approvals", "runner"))
    }
    assert len(ours) > 60
    assert {path for path, using in ours.items() if "default" not in using} == set()
