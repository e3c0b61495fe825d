"""A message of 5 MB: the log has it, and no page and no answer grows."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import act, list_url, url_of
from tests.execution.conftest import Execution, log_of
from tests.factories import UserFactory
from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, states, task
from workflows import operations
from workflows.models import Event, Task, TaskAttempt, WorkflowRun
from workflows.models.bounds import LONGEST_MESSAGE, LONGEST_REASON

LONG = 5_000_000
MESSAGE = "x" * LONG
DRAWING = "a > b > d, a > c > d"
LARGEST_PAGE = 100_000
LARGEST_ANSWER = 50_000


@pytest.fixture
def client(db: None) -> Client:
    """Act as a superuser, on pages and at the API."""
    client = Client()
    client.force_login(UserFactory.create(is_superuser=True, is_staff=True))
    return client


def places_of(run: WorkflowRun) -> Iterator[tuple[str, int]]:
    """Yield the addresses that show messages, and how large each may be."""
    broken = task(run, "a")
    pages = [
        reverse("admin:index"),
        url_of(run),
        url_of(broken),
        url_of(broken, "panel"),
        url_of(attempt(run, "a")),
        url_of(task(run, "d"), "panel"),
        url_of(run.events.latest("pk")),
        *map(list_url, (WorkflowRun, Task, TaskAttempt, Event)),
        f"{reverse('admin:workflows_workflowrun_changes', args=[run.pk])}?after=0",
    ]
    answers = [
        f"/workflow-runs/{run.pk}",
        f"/workflow-runs/{run.pk}/explain",
        f"/workflow-runs/{run.pk}/graph",
        "/workflow-runs",
        f"/tasks/{broken.pk}",
        f"/tasks?run_id={run.pk}",
        f"/events?run_id={run.pk}",
    ]
    yield from ((page, LARGEST_PAGE) for page in pages)
    yield from ((answer, LARGEST_ANSWER) for answer in answers)


def assert_everything_is_small(client: Client, run: WorkflowRun) -> None:
    sizes = {}
    for address, largest in places_of(run):
        answer = client.get(address)
        assert answer.status_code == 200, address
        sizes[address] = len(answer.content)
        assert sizes[address] < largest, sizes
    assert len(client.post(f"/workflow-runs/{run.pk}/dispatch-ready").content) < LARGEST_ANSWER
    printed = StringIO()
    call_command("dispatch_ready", "--run", str(run.pk), "--json", stdout=printed)
    assert len(printed.getvalue()) < LARGEST_ANSWER


def failed(runs: DrawRun) -> WorkflowRun:
    run = runs(DRAWING, payload={"python": "noop"})
    dispatch_all(run)
    finish(run, "a", "failed", message=MESSAGE)
    return run


def write(table: str, column: str, value: str, where: str = "1 = 1") -> None:
    """Store a value as a release without limits did."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {where}", [value])


def test_exception_with_a_long_message_is_in_the_log(client: Client, execution: Execution) -> None:
    payload = {"python": "tests.complain", "kwargs": {"why": MESSAGE}}
    payloads: dict[str, Any] = {name: {"python": "noop"} for name in "bcd"}
    made = execution.steps({"a": payload, **payloads}, DRAWING)["a"]
    run = made.task.run
    assert run
    assert states(run) == {"a": "failed", "b": "pending", "c": "pending", "d": "pending"}

    assert len(made.message) <= LONGEST_MESSAGE
    assert made.message.startswith("ValueError: xxx")
    assert made.message.endswith("more characters are in the log)")
    assert run.events.get(event_type="task.failed").payload["message"] == made.message
    assert "x" * 900_000 in log_of(made)
    Task.objects.filter(run=run).update(payload={"python": "noop"})
    TaskAttempt.objects.filter(task__run=run).update(payload={})
    assert_everything_is_small(client, run)


def test_long_message_of_a_host_is_in_the_log(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a > b")
    dispatch(run)
    message = "y" * 100_000
    fields = {"message": message, "stdout": "\nprinted", "stderr": ""}
    assert callback(run, "a", "failed", **fields).status_code == 200
    made = attempt(run, "a")
    assert made.message == "y" * 3_000 + "… (97,000 more characters are in the log)"
    assert log_of(made) == f"\nprinted\n{message}"


def test_short_message_of_a_host_is_not_added_to_the_log(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a")
    dispatch(run)
    callback(run, "a", "failed", message="no space left", stdout="printed\n")
    assert log_of(attempt(run, "a")) == "printed\n"


def test_pages_and_answers_stay_small(client: Client, runs: DrawRun) -> None:
    assert_everything_is_small(client, failed(runs))


def test_rows_of_a_release_without_limits_are_shown_cut(client: Client, runs: DrawRun) -> None:
    run = failed(runs)
    dispatch(run)
    write(TaskAttempt._meta.db_table, "message", MESSAGE)
    write(Task._meta.db_table, "note", MESSAGE)
    write(Event._meta.db_table, "reason", MESSAGE)
    payload = f'{{"message": "{MESSAGE}"}}'
    write(Event._meta.db_table, "payload", payload, "event_type = 'task.failed'")
    run.refresh_from_db()
    answer = dict(run.last_dispatch or {})
    for entry in answer["blocked"]:
        entry["root_causes"][0]["reason"] = entry["note"] = MESSAGE
    WorkflowRun.objects.filter(pk=run.pk).update(last_dispatch=answer)

    assert attempt(run, "a").message.endswith("more characters are not shown)")
    assert_everything_is_small(client, run)


def test_explanations_repeat_only_the_beginning_of_a_message(client: Client, runs: DrawRun) -> None:
    run = runs(", ".join(f"a > b{n}" for n in range(100)), payload={"python": "noop"})
    dispatch_all(run)
    finish(run, "a", "failed", message=MESSAGE)
    explained = client.get(f"/workflow-runs/{run.pk}/explain")
    [cause] = explained.json()["blocked"][99]["root_causes"]
    assert len(cause["reason"]) <= LONGEST_REASON
    assert "more characters are not shown)" in cause["reason"]
    assert len(explained.content) < 250_000


def test_refused_report_leaves_a_small_event(runs: DrawRun) -> None:
    from workflows.errors import ReportRefused

    run = failed(runs)
    with pytest.raises(ReportRefused):
        finish(run, "a", "canceled", message=MESSAGE)
    refused = run.events.get(event_type="task.report_refused")
    assert len(refused.payload["message"]) <= LONGEST_MESSAGE


def test_refusal_of_a_runner_is_cut(client: Client, runs: DrawRun, script: Script) -> None:
    script.refuse("scripted", MESSAGE)
    run = runs("a")
    answer = dispatch(run)
    assert answer.reason
    assert answer.reason.startswith("runner refused: scripted: xxx")
    assert len(answer.reason) < LONGEST_REASON + 100
    assert task(run, "a").note.startswith(answer.reason)
    assert task(run, "a").note.endswith(" UTC)")
    assert run.events.get(event_type="task.submit_failed").reason == answer.reason
    assert attempt(run, "a").message == answer.reason


@pytest.mark.parametrize("door", ["cancel", "retry", "hold", "mark-success"])
def test_too_long_reason_of_a_person_is_refused(client: Client, runs: DrawRun, door: str) -> None:
    run = runs("a")
    answer = client.post(
        f"/tasks/{task(run, 'a').pk}/{door}",
        {"reason": "x" * 5_000},
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert list(answer.json()) == ["reason"]
    assert not run.events.filter(task__isnull=False).exclude(event_type="task.created").exists()


def test_form_refuses_a_too_long_reason(client: Client, runs: DrawRun) -> None:
    run = runs("a")
    page = act(client, "cancel", [task(run, "a")], confirmed="1", reason="r" * 5_000)
    assert b"at most 2000 characters" in page.content
    assert states(run) == {"a": "pending"}


def test_reason_that_a_program_gives_is_cut(runs: DrawRun) -> None:
    run = runs("a, b")
    operations.cancel(task(run, "a").pk, by=who("script"), reason=MESSAGE)
    assert len(task(run, "a").note) <= LONGEST_MESSAGE
    assert len(run.events.get(event_type="task.canceled").reason) <= LONGEST_MESSAGE
