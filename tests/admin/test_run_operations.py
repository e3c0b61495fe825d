"""Runs are paused, resumed and aborted from their list and from their page."""

from typing import Any

import pytest
from django.test import Client

from tests.admin.conftest import (
    OPERATE,
    VIEW_ALL,
    ClientOf,
    act,
    confirm,
    list_url,
    messages_of,
    outcomes_of,
    text_of,
    url_of,
)
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, events, finish, state, states, trail, walk
from workflows import operations
from workflows.admin.actions import model_admin
from workflows.models import WorkflowRun


@pytest.fixture
def done(runs: DrawRun) -> WorkflowRun:
    """Return a finished run."""
    run = runs("a")
    walk(run, "a")
    return run


@pytest.mark.parametrize("name", ["pause", "abort"])
def test_operation_is_confirmed_first(olga: Client, runs: DrawRun, name: str) -> None:
    run = runs("a", name="Sales")

    page = act(olga, name, [run])

    assert f"workflow run {run.pk} Sales created" in text_of(page)
    assert 'name="reason"' in page.content.decode()
    assert state(run) == "created"
    assert trail(run) == []


def test_confirm_page_says_which_rows_will_be_refused_and_why(
    olga: Client, runs: DrawRun, done: WorkflowRun
) -> None:
    text = text_of(act(olga, "pause", [runs("a"), done]))

    why = f"will be refused: workflow run {done.pk} is success"
    assert f"1 of the 2 {why}." in text
    assert text.count(why) == 2, "in short, and in its row"


@pytest.mark.parametrize(
    ("name", "event", "becomes"),
    [("pause", "workflow_run.paused", "paused"), ("abort", "workflow_run.aborted", "aborted")],
)
def test_trail_names_actor_and_reason(
    olga: Client, runs: DrawRun, name: str, event: str, becomes: str
) -> None:
    run = runs("a")

    answer = confirm(olga, name, [run], "maintenance")

    [written] = [each for each in events(run) if each.event_type == event]
    assert (written.actor, written.reason) == ("olga", "maintenance")
    assert state(run) == becomes
    assert messages_of(answer) == [("success", f"workflow run {run.pk} is {becomes}.")]


def test_reason_is_optional(olga: Client, runs: DrawRun) -> None:
    run = runs("a")

    confirm(olga, "pause", [run])

    assert state(run) == "paused"


def test_resume_is_not_confirmed(olga: Client, runs: DrawRun) -> None:
    run = runs("a")
    operations.pause(run.pk, by=who("test"))

    act(olga, "resume", [run])

    assert state(run) == "running"
    assert events(run)[-1].actor == "olga"


def test_resumed_auto_dispatch_run_dispatches_ready_tasks(olga: Client, runs: DrawRun) -> None:
    run = runs("a, b", auto_dispatch=True)
    operations.pause(run.pk, by=who("test"))

    act(olga, "resume", [run])

    assert states(run) == {"a": "dispatched", "b": "dispatched"}


def test_abort_cancels_what_has_not_started(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch_all(run)

    confirm(olga, "abort", [run], "wrong data")

    assert states(run) == {"a": "canceled", "b": "canceled"}


def test_refused_pause_does_not_stop_the_others(
    olga: Client, runs: DrawRun, done: WorkflowRun
) -> None:
    first, last = runs("a"), runs("a")

    answer = confirm(olga, "pause", [first, done, last])

    assert (state(first), state(done), state(last)) == ("paused", "success", "paused")
    assert outcomes_of(answer) == [
        ("refused", f"workflow run {done.pk} is success."),
        ("done", f"workflow run {last.pk} is paused."),
        ("done", f"workflow run {first.pk} is paused."),
    ]


def test_cancel_rest_cancels_blocked_tasks(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b > c")
    dispatch_all(run)
    finish(run, "a", "failed")

    page = act(olga, "cancel_rest", [run])
    answer = confirm(olga, "cancel_rest", [run], "given up")

    assert "What follows 2 tasks are canceled: b, c" in text_of(page)
    assert f"Cancel 2 waiting tasks of run {run.pk}?" in text_of(page)
    assert messages_of(answer) == [("success", f"workflow run {run.pk} is failed.")]
    assert states(run) == {"a": "failed", "b": "canceled", "c": "canceled"}
    assert [(each.actor, each.reason) for each in events(run)[-2:]] == [("olga", "given up")] * 2


@pytest.mark.parametrize(
    ("name", "follows"),
    [
        ("pause", "1 task is active and continues"),
        ("abort", "1 task has not started and is canceled 1 task is active and asked to end"),
    ],
)
def test_confirm_page_counts_affected_tasks(
    olga: Client, runs: DrawRun, name: str, follows: str
) -> None:
    run = runs("a > b")
    dispatch_all(run)

    assert f"What follows {follows}" in text_of(act(olga, name, [run]))


@pytest.mark.parametrize(
    "name", ["dispatch_ready", "dispatch_all_ready", "pause", "resume", "abort", "cancel_rest"]
)
def test_user_without_permission_to_operate_is_refused_however_it_is_posted(
    viola: Client, client_of: ClientOf, runs: DrawRun, name: str
) -> None:
    run = runs("a")
    editor = client_of("edda", *VIEW_ALL, "workflows.change_workflowrun")

    for client in (viola, editor):
        for data in ({}, {"index": "0"}, {"select_across": "1", "index": "0"}, {"from_page": "1"}):
            confirm(client, name, [run], "forged", **data)
            act(client, name, [run], **data)

    assert state(run) == "created"
    assert states(run) == {"a": "pending"}
    assert trail(run) == []


def test_user_without_permission_to_view_is_refused(client_of: ClientOf, runs: DrawRun) -> None:
    run = runs("a")

    assert confirm(client_of("blind", OPERATE), "pause", [run]).status_code == 403
    assert state(run) == "created"


def test_form_without_csrf_token_is_refused(olga: Client, runs: DrawRun) -> None:
    run = runs("a")
    elsewhere = Client(enforce_csrf_checks=True)
    elsewhere.cookies = olga.cookies

    assert confirm(elsewhere, "abort", [run]).status_code == 403
    assert state(run) == "created"


@pytest.mark.parametrize(
    ("become", "buttons"),
    [
        ("created", ["pause", "abort"]),
        ("paused", ["resume", "abort"]),
        ("aborted", []),
    ],
)
def test_page_has_the_buttons_that_the_state_allows(
    olga: Client, runs: DrawRun, become: str, buttons: list[str]
) -> None:
    run = runs("a")
    if become == "paused":
        operations.pause(run.pk, by=who("test"))
    if become == "aborted":
        operations.abort(run.pk, by=who("test"))

    html = olga.get(url_of(run)).content.decode()

    offered = [name for name in ("pause", "resume", "abort") if f'value="{name}"' in html]
    assert offered == buttons


def test_button_is_confirmed_and_returns_to_its_page(olga: Client, runs: DrawRun) -> None:
    run = runs("a")

    page = act(olga, "pause", [run], from_page="1")
    answer = confirm(olga, "pause", [run], from_page="1")

    assert 'name="from_page"' in page.content.decode()
    assert answer["Location"] == url_of(run)


def test_action_of_list_returns_to_it_with_its_filters(olga: Client, runs: DrawRun) -> None:
    run = runs("a")
    address = f"{list_url(WorkflowRun)}?state__exact=created"

    answer = olga.post(address, {"action": "pause", "_selected_action": [run.pk], "confirmed": "1"})

    assert answer["Location"] == address


@pytest.mark.parametrize("selected", [["x"], ["-1"], ["9" * 30], ["987654"], ["1", "x"]])
def test_unknown_row_is_an_error_message(olga: Client, runs: DrawRun, selected: list[str]) -> None:
    run = runs("a")

    data: dict[str, Any] = {"action": "pause", "_selected_action": selected, "confirmed": "1"}
    answer = olga.post(list_url(WorkflowRun), data)

    assert answer.status_code == 302
    assert [level for level, _ in messages_of(answer)] == ["error"]
    assert state(run) == "created"


def test_too_large_selection_is_refused_as_a_whole(
    olga: Client, runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_admin, "MOST_ROWS", 2)
    three = [runs("a"), runs("a"), runs("a")]

    answer = confirm(olga, "pause", three)

    assert messages_of(answer) == [("error", "Nothing was done: select 1 to 2 existing rows.")]
    assert {state(run) for run in three} == {"created"}
