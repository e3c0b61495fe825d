"""Dispatching from the admin: the button of a run's page, the actions of the list."""

import json
from html import unescape

import pytest
from django.test import Client

from runners.models import Runner
from tests.admin.conftest import (
    OPERATE,
    ClientOf,
    act,
    messages_of,
    outcomes_of,
    press,
    text_of,
    url_of,
)
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch_all, events, finish, state, states, trail
from workflows import operations
from workflows.models import EventType, TaskAttempt, WorkflowRun


def test_button_dispatches_one_task_and_shows_stored_answer(olga: Client, runs: DrawRun) -> None:
    run = runs("a > c, b > c")

    answer = press(olga, run)
    page = olga.get(answer["Location"])

    assert messages_of(answer) == [
        ("success", f"Workflow run {run.pk}: Dispatched a to runner local.")
    ]
    assert states(run) == {"a": "dispatched", "c": "pending", "b": "pending"}
    assert json.dumps(WorkflowRun.objects.get(pk=run.pk).last_dispatch, indent=2) in unescape(
        page.content.decode()
    )
    assert "Answer to the latest dispatch-ready (raw)" in text_of(page)


def test_trail_names_who_pressed_the_button(olga: Client, runs: DrawRun) -> None:
    run = runs("a")

    press(olga, run)

    assert trail(run) == ["workflow_run.running", "task.dispatched a"]
    assert {event.actor for event in events(run)[2:]} == {"olga"}


def test_dispatch_all_button_dispatches_every_ready_task(olga: Client, runs: DrawRun) -> None:
    run = runs("a > c, b > c")

    answer = press(olga, run, "all")

    text = "Dispatched 2 tasks: a to runner local, b to runner local."
    assert messages_of(answer) == [("success", f"Workflow run {run.pk}: {text}")]
    assert states(run) == {"a": "dispatched", "c": "pending", "b": "dispatched"}


def test_preview_names_tasks_and_changes_nothing(olga: Client, runs: DrawRun) -> None:
    run = runs("a > c, b > c")

    page = press(olga, run, "preview")

    text = "Would dispatch 2 tasks: a to runner local, b to runner local. Nothing was changed."
    assert text in text_of(page)
    assert set(states(run).values()) == {"pending"}
    assert trail(run) == []
    assert WorkflowRun.objects.get(pk=run.pk).last_dispatch is None


def test_preview_says_what_blocks(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch_all(run)

    page = press(olga, run, "preview")

    text = "dependencies not satisfied. b: Waits for tasks that have not finished."
    assert text in text_of(page)


def test_nothing_ready_is_explained_by_root_cause(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b > c, x")
    dispatch_all(run)
    finish(run, "a", "failed")

    answer = press(olga, run)

    text = (
        "Nothing was dispatched: dependencies not satisfied. "
        "b: Cannot start: a failed. c: Cannot start: a failed."
    )
    assert messages_of(answer) == [("warning", f"Workflow run {run.pk}: {text}")]
    assert events(run)[-1].event_type == EventType.NOTHING_READY


def test_first_of_many_blocked_tasks_are_named(olga: Client, runs: DrawRun) -> None:
    run = runs(", ".join(f"a > s{number}" for number in range(120)))
    dispatch_all(run)
    finish(run, "a", "failed")

    answer = press(olga, run)

    assert messages_of(answer)[0][1].endswith("s4: Cannot start: a failed. 115 more tasks wait.")
    assert "s4: Cannot start: a failed. 115 more tasks wait." in text_of(olga.get(url_of(run)))


def test_refusal_of_runner_is_shown_in_its_words(
    olga: Client, runs: DrawRun, script: Script
) -> None:
    script.refuse("scripted", "no disk space")
    run = runs("a")

    answer = press(olga, run)

    [(level, text)] = messages_of(answer)
    assert level == "warning"
    assert "runner refused: scripted: no disk space" in text
    assert states(run) == {"a": "pending"}


def test_runner_is_called_after_commit(olga: Client, runs: DrawRun, script: Script) -> None:
    press(olga, runs("a"))

    assert script.titles == ["a"]
    assert TaskAttempt.objects.get().submitted_at


def test_disabled_runner_is_named(olga: Client, runs: DrawRun, local: Runner) -> None:
    Runner.objects.filter(pk=local.pk).update(is_enabled=False)

    answer = press(olga, runs("a"))

    assert "runner refused: local is disabled" in messages_of(answer)[0][1]


@pytest.mark.parametrize("how", ["one", "all", "preview"])
@pytest.mark.parametrize("close", [operations.pause, operations.abort])
def test_paused_or_aborted_run_refuses_dispatch_with_reason(
    olga: Client, runs: DrawRun, how: str, close: object
) -> None:
    run = runs("a")
    closed = close(run.pk, by=who("test"))  # type: ignore[operator]
    before = trail(run)

    answer = press(olga, run, how)

    [(level, text)] = messages_of(answer)
    assert level == "error"
    assert text.endswith(f"refused: workflow run {run.pk} is {closed.state}.")
    assert trail(run) == before
    assert 'name="how"' not in olga.get(url_of(run)).content.decode()


def test_dispatch_of_unknown_run_is_an_error_message(olga: Client, runs: DrawRun) -> None:
    answer = olga.post("/admin/workflows/workflowrun/987654/dispatch-ready/", {"how": "one"})

    assert messages_of(answer) == [
        ("error", "Dispatch ready task refused: workflow run 987654 not found.")
    ]


def test_get_request_dispatches_nothing(olga: Client, runs: DrawRun) -> None:
    run = runs("a")

    assert olga.get(url_of(run, "dispatch")).status_code == 405
    assert states(run) == {"a": "pending"}


def test_form_without_csrf_token_dispatches_nothing(olga: Client, runs: DrawRun) -> None:
    run = runs("a")
    elsewhere = Client(enforce_csrf_checks=True)
    elsewhere.cookies = olga.cookies

    assert press(elsewhere, run).status_code == 403
    assert states(run) == {"a": "pending"}


@pytest.mark.parametrize("how", ["one", "all", "preview"])
def test_user_without_permission_to_operate_dispatches_nothing(
    viola: Client, runs: DrawRun, how: str
) -> None:
    run = runs("a")

    assert press(viola, run, how).status_code == 403
    assert states(run) == {"a": "pending"}
    assert trail(run) == []


def test_user_without_permission_to_view_dispatches_nothing(
    client_of: ClientOf, runs: DrawRun
) -> None:
    run = runs("a")

    assert press(client_of("blind", OPERATE), run).status_code == 403
    assert states(run) == {"a": "pending"}


def test_action_dispatches_one_task_of_each_selected_run(olga: Client, runs: DrawRun) -> None:
    first, paused, third = runs("a, b"), runs("a, b"), runs("x > y")
    operations.pause(paused.pk, by=who("test"))

    answer = act(olga, "dispatch_ready", [first, paused, third])

    assert states(first) == {"a": "dispatched", "b": "pending"}
    assert states(paused) == {"a": "pending", "b": "pending"}
    assert states(third) == {"x": "dispatched", "y": "pending"}
    assert outcomes_of(answer) == [
        ("refused", f"workflow run {paused.pk} is paused."),
        ("done", f"Workflow run {third.pk}: Dispatched x to runner local."),
        ("done", f"Workflow run {first.pk}: Dispatched a to runner local."),
    ]


def test_dispatch_all_action_dispatches_every_ready_task(olga: Client, runs: DrawRun) -> None:
    run = runs("a, b > c")

    act(olga, "dispatch_all_ready", [run])

    assert states(run) == {"a": "dispatched", "b": "dispatched", "c": "pending"}
    assert state(run) == "running"
