"""The panel of a task, which the page of a run shows beside its graph."""

import json
import re
from html import unescape

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import ClientOf, act, confirm, text_of, url_of
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, finish, task
from workflows.models import LogPiece, WorkflowRun
from workflows.operations.tasks import retry
from workflows.runs.creation import create_task


def failed(runs: DrawRun, drawing: str, *, times: int = 1) -> WorkflowRun:
    """Return a run whose first task has failed so many times."""
    run = runs(drawing, payload={"python": "noop"})
    for number in range(times):
        if number:
            retry(task(run, "a").pk, by=who("test"))
        dispatch_all(run)
        outcome = {"exit_code": 3, "message": "exit code 3", "result": {"rows": 17}}
        finish(run, "a", "failed", **outcome)
    LogPiece.objects.create(attempt=attempt(run, "a"), offset=0, text="17 rows <b>\n")
    return run


def test_panel_shows_state_log_result_attempts_payload_and_buttons(
    olga: Client, runs: DrawRun
) -> None:
    run = failed(runs, "a > b", times=2)

    page = olga.get(url_of(task(run, "a"), "panel"))

    text = text_of(page)
    assert "failed exit code 3" in text
    assert '"rows": 17' in text
    assert '"python": "noop"' in text
    html = page.content.decode()
    assert [
        name
        for name in ("retry", "retry_downstream", "mark_success", "cancel")
        if f'value="{name}"' in html
    ] == ["retry", "retry_downstream", "mark_success"]
    logs = json.loads(unescape(re.findall('data-logs="(\\[.*?)"', html)[0]))
    assert [(each["number"], each["status"]) for each in logs] == [(2, "failed"), (1, "failed")]
    assert logs[0]["pieces"] == url_of(attempt(run, "a"), "pieces")


def test_panel_says_why_task_waits_with_a_link(olga: Client, runs: DrawRun) -> None:
    run = failed(runs, "a > b > c")

    page = olga.get(url_of(task(run, "c"), "panel"))

    assert "Cannot start: a failed (exit code 3)." in text_of(page)
    assert f'href="{url_of(task(run, "a"))}"' in page.content.decode()


def test_panel_is_sent_again_only_if_something_has_happened(olga: Client, runs: DrawRun) -> None:
    run = runs("a")
    address = url_of(task(run, "a"), "panel")
    tag = olga.get(address)["ETag"]

    assert olga.get(address, headers={"If-None-Match": tag}).status_code == 304
    dispatch_all(run)
    assert olga.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_panel_takes_as_many_statements_for_many_attempts_and_neighbours(
    olga: Client, runs: DrawRun
) -> None:
    small = failed(runs, "a > b")
    large = failed(runs, ", ".join(f"a > s{n}" for n in range(40)), times=20)
    olga.get(url_of(task(small, "a"), "panel"))  # what is read once per process has been read
    with CaptureQueriesContext(connection) as few:
        olga.get(url_of(task(small, "a"), "panel"))

    with CaptureQueriesContext(connection) as many:
        olga.get(url_of(task(large, "a"), "panel"))

    assert len(many) == len(few) <= 17


def test_panel_is_refused_without_permission_to_view_tasks(
    client_of: ClientOf, runs: DrawRun
) -> None:
    run = failed(runs, "a")
    address = url_of(task(run, "a"), "panel")

    assert client_of("ruth", "workflows.view_workflowrun").get(address).status_code == 403
    assert Client().get(address).status_code == 302
    half = client_of("anna", "workflows.view_task").get(address)
    assert "attempt" not in half.content.decode()
    assert "<button" not in half.content.decode()


def test_panel_of_unknown_task_is_not_found(olga: Client) -> None:
    assert olga.get("/admin/workflows/task/987654/panel/").status_code == 404


def test_button_of_panel_returns_to_page_of_run(olga: Client, runs: DrawRun) -> None:
    run = failed(runs, "a")
    one = task(run, "a")

    question = act(olga, "retry", [one], from_page="run")
    answer = confirm(olga, "retry", [one], from_page="run")

    assert f'href="{url_of(run)}#task-{one.pk}" data-close' in question.content.decode()
    assert answer["Location"] == f"{url_of(run)}#task-{one.pk}"


def test_button_of_task_outside_any_run_returns_to_its_page(olga: Client) -> None:
    alone = create_task(title="alone", by=who("test"))

    assert confirm(olga, "cancel", [alone], from_page="run")["Location"] == url_of(alone)
