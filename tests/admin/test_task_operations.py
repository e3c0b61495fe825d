"""Tasks are canceled, retried and marked as success from their list and from their page."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import act, confirm, messages_of, outcomes_of, text_of, url_of
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import (
    dispatch_all,
    events,
    finish,
    start,
    state,
    states,
    task,
    trail,
    walk,
)
from workflows import operations
from workflows.models import Event, Task, WorkflowRun
from workflows.runs.creation import create_task


@pytest.fixture
def broken(runs: DrawRun) -> WorkflowRun:
    """Return a run whose first of two tasks failed."""
    run = runs("a > b")
    dispatch_all(run)
    finish(run, "a", "failed")
    return run


@pytest.mark.parametrize("name", ["cancel", "retry", "retry_downstream", "mark_success"])
def test_operation_is_confirmed_first(olga: Client, broken: WorkflowRun, name: str) -> None:
    before = trail(broken)

    page = act(olga, name, [task(broken, "a")])

    assert f"a a (run {broken.pk}) failed" in text_of(page)
    assert 'name="reason"' in page.content.decode()
    assert trail(broken) == before


def test_confirming_many_tasks_takes_as_many_statements_as_one(olga: Client, runs: DrawRun) -> None:
    broken = [task(runs(f"s{number}"), f"s{number}") for number in range(10)]
    for each in broken:
        operations.cancel(each.pk, by=who("test"))
    act(olga, "retry", broken)  # what is read once per process has been read
    with CaptureQueriesContext(connection) as one:
        act(olga, "retry", broken[:1])

    with CaptureQueriesContext(connection) as ten:
        page = act(olga, "retry", broken)

    assert "Retry 10 tasks in 10 runs?" in text_of(page)
    assert len(ten) == len(one) <= 14


def test_retried_task_is_pending_and_its_run_continues(olga: Client, broken: WorkflowRun) -> None:
    answer = confirm(olga, "retry", [task(broken, "a")], "the disk is back")

    assert states(broken) == {"a": "pending", "b": "pending"}
    assert state(broken) == "running"
    retried = Event.objects.get(event_type="task.retried")
    assert (retried.actor, retried.reason) == ("olga", "the disk is back")
    assert messages_of(answer) == [("success", f"Task {task(broken, 'a').pk} (a) is pending.")]


def test_marking_success_without_reason_shows_form_again(olga: Client, broken: WorkflowRun) -> None:
    page = confirm(olga, "mark_success", [task(broken, "a")], "  ")

    assert "This field is required." in text_of(page)
    assert states(broken) == {"a": "failed", "b": "pending"}


def test_confirm_page_lists_effects(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b > c, x")
    dispatch_all(run)
    finish(run, "a", "failed")

    def follows(name: str, step_id: str) -> str:
        page = act(olga, name, [task(run, step_id)])
        return text_of(page).split("What follows ")[1].split(" Reason")[0]

    assert follows("retry", "a") == "2 tasks can run once that succeeds: b, c"
    assert follows("mark_success", "a") == (
        "1 task becomes ready at once: b 1 task can run after that: c"
    )
    assert follows("cancel", "x") == "1 task is with its runner, and asked to end: x"
    assert follows("retry_downstream", "a") == "No other task is affected."


def test_retry_downstream_resets_task_and_what_follows(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b > c, x")
    walk(run, "a", "b")

    answer = confirm(olga, "retry_downstream", [task(run, "a")], "new data")

    text = f"Task {task(run, 'a').pk} (a) is back in the queue, and so is 1 after it."
    assert messages_of(answer) == [("success", text)]
    assert states(run) == {"a": "pending", "b": "pending", "c": "pending", "x": "pending"}
    retried = Event.objects.filter(event_type="task.retried")
    assert [(str(each.task), each.actor, each.reason) for each in retried] == [
        ("a", "olga", "new data"),
        ("b", "olga", "new data"),
    ]


def test_task_marked_success_is_shown_as_set_by_hand(olga: Client, broken: WorkflowRun) -> None:
    confirm(olga, "mark_success", [task(broken, "a")], "done by phone")

    marked = Event.objects.get(event_type="task.marked_success")
    assert (marked.actor, marked.reason) == ("olga", "done by phone")
    assert "success set by hand" in text_of(olga.get(url_of(task(broken, "a"))))
    assert "success set by hand" in text_of(olga.get(url_of(broken)))


def test_pending_task_is_canceled(olga: Client, runs: DrawRun) -> None:
    run = runs("a, b")

    confirm(olga, "cancel", [task(run, "a")], "not today")

    assert states(run) == {"a": "canceled", "b": "pending"}
    assert (events(run)[-1].actor, events(run)[-1].reason) == ("olga", "not today")


def test_running_task_is_asked_to_end(olga: Client, runs: DrawRun) -> None:
    run = runs("a")
    dispatch_all(run)
    start(run, "a")

    answer = confirm(olga, "cancel", [task(run, "a")])

    assert "was asked to end" in messages_of(answer)[0][1]
    assert states(run) == {"a": "running"}
    assert "running asked to end" in text_of(olga.get(url_of(task(run, "a"))))


def test_task_outside_any_run_is_canceled(olga: Client) -> None:
    alone = create_task(title="alone", by=who("test"))

    confirm(olga, "cancel", [alone])

    alone.refresh_from_db()
    assert alone.state == "canceled"


def test_refused_retry_does_not_stop_the_others(olga: Client, runs: DrawRun) -> None:
    run = runs("a, b, c")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "c", "failed")
    tasks = [task(run, step_id) for step_id in "abc"]

    answer = confirm(olga, "retry", tasks)

    assert states(run) == {"a": "pending", "b": "dispatched", "c": "pending"}
    assert outcomes_of(answer) == [
        ("refused", f"task {tasks[1].pk} is dispatched."),
        ("done", f"Task {tasks[2].pk} (c) is pending."),
        ("done", f"Task {tasks[0].pk} (a) is pending."),
    ]


def test_retry_in_aborted_run_is_refused(olga: Client, runs: DrawRun) -> None:
    run = runs("a")
    operations.abort(run.pk, by=who("test"))

    answer = confirm(olga, "retry", [task(run, "a")])

    assert messages_of(answer) == [("error", f"Retry refused: workflow run {run.pk} is aborted.")]
    assert offered(olga, task(run, "a")) == []


@pytest.mark.parametrize(
    "name", ["hold", "release", "cancel", "retry", "retry_downstream", "mark_success"]
)
def test_user_without_permission_is_refused_however_it_is_posted(
    viola: Client, broken: WorkflowRun, name: str
) -> None:
    before, tasks = trail(broken), list(broken.tasks.all())

    for data in ({}, {"index": "0"}, {"from_page": "1"}):
        confirm(viola, name, tasks, "forged", **data)

    assert states(broken) == {"a": "failed", "b": "pending"}
    assert trail(broken) == before
    assert offered(viola, tasks[0]) == []


def test_page_has_the_buttons_that_the_state_allows(olga: Client, runs: DrawRun) -> None:
    run = runs("a, b, c")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "b")

    assert offered(olga, task(run, "a")) == ["retry", "mark_success"]
    assert offered(olga, task(run, "b")) == []
    assert offered(olga, task(run, "c")) == ["cancel"]


NAMES = ("hold", "release", "cancel", "retry", "mark_success")


def offered(client: Client, row: Task) -> list[str]:
    html = client.get(url_of(row)).content.decode()
    return [name for name in NAMES if f'value="{name}"' in html]
