"""The pages of tasks and attempts: why a task waits, what it printed, what came of it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import ClientOf, text_of, url_of
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, finish, task
from workflows.models import LogPiece, TaskAttempt, WorkflowRun
from workflows.operations.tasks import retry


@pytest.fixture
def failed(runs: DrawRun) -> WorkflowRun:
    """Return a run whose first task failed and printed."""
    run = runs("a > b > c", payload={"python": "noop"})
    dispatch_all(run)
    LogPiece.objects.create(attempt=attempt(run, "a"), offset=0, text="17 rows without region\n")
    finish(run, "a", "failed", exit_code=3, message="exit code 3", result={"rows": 17})
    return run


def test_page_of_task_shows_attempts_log_and_result(root: Client, failed: WorkflowRun) -> None:
    text = text_of(root.get(url_of(task(failed, "a"))))

    assert "Log of attempt 1 of a 17 rows without region" in text
    assert 'Result of attempt 1 of a { "rows": 17 }' in text
    assert "attempt 1 of a failed local" in text
    assert "exit code 3" in text
    assert "task.failed" in text


def test_page_of_attempt_shows_payload_log_and_outcome(root: Client, failed: WorkflowRun) -> None:
    text = text_of(root.get(url_of(attempt(failed, "a"))))

    assert '"python": "noop"' in text
    assert "17 rows without region" in text
    assert '{ "rows": 17 }' in text


def test_page_of_blocked_task_names_root_causes(root: Client, failed: WorkflowRun) -> None:
    text = text_of(root.get(url_of(task(failed, "c"))))

    assert "Cannot start: a failed (exit code 3)." in text


def test_page_of_waiting_task_names_active_task(root: Client, runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch_all(run)

    text = text_of(root.get(url_of(task(run, "b"))))

    assert "Waits for a (dispatched)." in text
    assert "a dispatched" in text


def test_page_of_ready_task_says_so(root: Client, runs: DrawRun) -> None:
    assert "Ready: the next dispatch takes it." in text_of(root.get(url_of(task(runs("a"), "a"))))


def test_page_takes_as_many_statements_for_many_attempts_and_neighbours(
    root: Client, runs: DrawRun
) -> None:
    small = runs("a > b")
    large = runs(", ".join(f"a > s{n}" for n in range(40)))
    for run, times in ((small, 2), (large, 20)):
        for _ in range(times):
            dispatch_all(run)
            finish(run, "a", "failed")
            retry(task(run, "a").pk, by=who("test"))
    root.get(url_of(task(small, "b")))  # what is read once per process has been read
    with CaptureQueriesContext(connection) as few:
        root.get(url_of(task(small, "a")))

    with CaptureQueriesContext(connection) as many:
        page = root.get(url_of(task(large, "a")))

    assert "s29 pending and 10 more" in text_of(page)
    assert len(many) == len(few) <= 16


def test_log_is_refused_without_permission_to_view_attempts(
    client_of: ClientOf, failed: WorkflowRun
) -> None:
    address = url_of(attempt(failed, "a"), "log")

    assert client_of("ruth", "workflows.view_task").get(address).status_code == 403
    assert client_of("anna", "workflows.view_taskattempt").get(address).status_code == 200


def test_log_of_unknown_attempt_is_not_found(root: Client, failed: WorkflowRun) -> None:
    address = url_of(TaskAttempt(), "log")

    assert root.get(address).status_code == 404
