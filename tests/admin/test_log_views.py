"""What the log viewer asks for: ranges, whole logs, and a search over all logs of a run."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import ClientOf, text_of, url_of
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, finish, task
from workflows.models import LogPiece, WorkflowRun
from workflows.reports.logs import AttemptLog

SEES_LOGS = ("workflows.view_workflowrun", "workflows.view_task", "workflows.view_taskattempt")


@pytest.fixture
def failed(runs: DrawRun) -> WorkflowRun:
    """Return a run of which one task has printed and failed."""
    run = runs("a > b, c")
    dispatch_all(run)
    for step_id in "ac":
        log = AttemptLog(attempt(run, step_id).pk)
        log.write(b"one region\n\x1b[31mERROR\x1b[0m no region\nexit code 1\n")
        pieces = log.last_pieces()
        LogPiece.objects.bulk_create(pieces)
        finish(run, step_id, "failed", exit_code=1, log=log.digest)
    return run


def test_ranges_are_answered_and_nonsense_is_refused(root: Client, failed: WorkflowRun) -> None:
    address = url_of(attempt(failed, "a"), "pieces")

    end = root.get(address).json()
    assert (end["from"], end["lines"], end["is_open"], end["status"]) == (0, 0, False, "failed")
    [[at, text]] = end["pieces"]
    assert at is not None
    assert text.startswith("one region\n")
    assert root.get(f"{address}?before=0").json()["pieces"] == []
    assert root.get(f"{address}?after={end['to']}").json()["pieces"] == []
    for query in ("before=x", "after=-1", "after=" + "9" * 30):
        refused = root.get(f"{address}?{query}")
        assert (refused.status_code, refused.json()["detail"]) == (
            400,
            "before and after are numbers",
        )


def test_page_without_javascript_shows_the_log_without_escape_codes(
    root: Client, failed: WorkflowRun
) -> None:
    for page in (task(failed, "a"), attempt(failed, "a")):
        assert "one region ERROR no region exit code 1" in text_of(root.get(url_of(page)))


def test_whole_log_is_a_file_if_asked_for(root: Client, failed: WorkflowRun) -> None:
    address = url_of(attempt(failed, "a"), "log")

    assert "Content-Disposition" not in root.get(address)
    name = root.get(f"{address}?download")["Content-Disposition"]
    assert name == f'attachment; filename="run-{failed.pk}-a-1.log"'


def test_search_counts_in_all_logs_of_the_run(root: Client, failed: WorkflowRun) -> None:
    address = url_of(failed, "log_search")
    a, c = str(task(failed, "a").pk), str(task(failed, "c").pk)

    found = root.get(address, {"q": "REGION"}).json()
    assert found == {"hits": {a: 2, c: 2}, "logs": 2, "left_out": 0}
    assert root.get(address, {"q": "^error", "pattern": "1", "case": "1"}).json()["hits"] == {}
    assert root.get(address).json()["hits"] == {}
    bad = root.get(address, {"q": "(", "pattern": "1"})
    assert (bad.status_code, "is not a pattern" in bad.json()["detail"]) == (400, True)
    assert root.get(address, {"q": "x" * 1001}).status_code == 400


def test_search_takes_as_many_statements_for_many_logs(
    root: Client, failed: WorkflowRun, runs: DrawRun
) -> None:
    large = runs(", ".join(f"s{n}" for n in range(30)))
    dispatch_all(large)
    for n in range(30):
        LogPiece.objects.create(attempt=attempt(large, f"s{n}"), offset=0, text="region")
    root.get(url_of(failed, "log_search"))
    with CaptureQueriesContext(connection) as few:
        root.get(url_of(failed, "log_search"), {"q": "region"})
    with CaptureQueriesContext(connection) as many:
        found = root.get(url_of(large, "log_search"), {"q": "region"}).json()
    assert len(found["hits"]) == 30
    assert len(many) == len(few) <= 6


@pytest.mark.parametrize("page", ["logs", "log_search"])
def test_logs_of_a_run_need_the_permissions_for_runs_tasks_and_attempts(
    client_of: ClientOf, failed: WorkflowRun, page: str
) -> None:
    address = url_of(failed, page)
    assert client_of("anna", *SEES_LOGS).get(address).status_code == 200
    for n, left_out in enumerate(SEES_LOGS):
        others = [each for each in SEES_LOGS if each != left_out]
        assert client_of(f"ruth{n}", *others).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_pieces_need_the_permission_for_attempts(client_of: ClientOf, failed: WorkflowRun) -> None:
    address = url_of(attempt(failed, "a"), "pieces")
    assert client_of("ruth", "workflows.view_task").get(address).status_code == 403
    assert client_of("anna", "workflows.view_taskattempt").get(address).status_code == 200


def test_dashboard_shows_what_a_failed_task_has_printed(
    root: Client, client_of: ClientOf, failed: WorkflowRun
) -> None:
    page = root.get("/admin/")

    assert "L2 ERROR no region" in text_of(page)
    line = f'href="{url_of(failed)}#task-{task(failed, "a").pk}:L2"'
    assert line in page.content.decode()
    half = client_of("ruth", "workflows.view_workflowrun").get("/admin/")
    assert "no region" not in half.content.decode()
