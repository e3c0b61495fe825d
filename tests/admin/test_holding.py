"""Tasks are put on hold and released from their list and from their page."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from tests.admin.conftest import act, confirm, messages_of, outcomes_of, text_of, url_of
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, events, task, trail
from workflows.models import WorkflowRun
from workflows.operations.holds import hold
from workflows.runs.creation import create_task


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    """Return a run of two ready tasks."""
    return runs("a, b")


def test_held_task_is_not_dispatched_and_its_page_says_why(olga: Client, run: WorkflowRun) -> None:
    answer = confirm(olga, "hold", [task(run, "a")], "disk swap")

    assert messages_of(answer) == [
        ("success", f"Task {task(run, 'a').pk} (a) is pending, and on hold."),
    ]
    assert dispatch_all(run) == ["b"]
    held = next(each for each in events(run) if each.event_type == "task.held")
    assert (held.actor, held.reason) == ("olga", "disk swap")
    assert "Is on hold (disk swap)." in text_of(olga.get(url_of(task(run, "a"))))
    assert "pending on hold" in text_of(olga.get(url_of(run)))


def test_page_shows_when_hold_ends(olga: Client, run: WorkflowRun) -> None:
    confirm(olga, "hold", [task(run, "a")], resume_at="2999-01-31T08:30")

    assert task(run, "a").resume_at == datetime(2999, 1, 31, 8, 30, tzinfo=UTC)
    text = text_of(olga.get(url_of(task(run, "a"))))
    assert "Is on hold until 2999-01-31 08:30 UTC." in text
    assert "pending on hold" in text


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        ("soon", "Enter a valid date/time."),
        ("2999-02-30T08:00", "Enter a valid date/time."),
        ("2001-01-31T08:30", "This moment has passed; give a later one, or none."),
        ("0001-01-01T00:00+10:00", "This moment has passed; give a later one, or none."),
        ("9999-12-31T23:59-10:00", "This moment is too far away."),
    ],
)
def test_wrong_moment_is_an_error_of_the_form(
    olga: Client, run: WorkflowRun, moment: str, why: str
) -> None:
    page = confirm(olga, "hold", [task(run, "a")], "disk swap", resume_at=moment)

    assert why in text_of(page)
    assert "disk swap" in page.content.decode()  # what was typed is still there
    assert not task(run, "a").is_held
    assert trail(run) == []


def test_form_of_hold_asks_for_reason_and_end(olga: Client, run: WorkflowRun) -> None:
    html = act(olga, "hold", [task(run, "a")]).content.decode()

    assert 'name="reason"' in html
    assert 'type="datetime-local" name="resume_at"' in html
    assert "in UTC time" in html


def test_released_task_is_dispatched(olga: Client, run: WorkflowRun) -> None:
    hold(task(run, "a").pk, by=who("test"), reason="disk swap")

    answer = confirm(olga, "release", [task(run, "a")], "disk is in")

    assert messages_of(answer) == [("success", f"Task {task(run, 'a').pk} (a) is pending.")]
    assert trail(run) == ["task.held a", "task.released a"]
    assert (events(run)[-1].actor, events(run)[-1].reason) == ("olga", "disk is in")
    assert dispatch_all(run) == ["a", "b"]


def test_refused_hold_does_not_stop_the_others(olga: Client, run: WorkflowRun) -> None:
    a, b = task(run, "a"), task(run, "b")
    hold(a.pk, by=who("test"))

    answer = confirm(olga, "hold", [a, b])

    assert outcomes_of(answer) == [
        ("refused", f"task {a.pk} is on hold."),
        ("done", f"Task {b.pk} (b) is pending, and on hold."),
    ]


def test_task_outside_any_run_can_be_held(olga: Client) -> None:
    alone = create_task(title="alone", by=who("test"))

    confirm(olga, "hold", [alone], "later")

    assert "Is on hold (later)." in text_of(olga.get(url_of(alone)))


def test_page_offers_what_the_state_allows(olga: Client, run: WorkflowRun) -> None:
    hold(task(run, "a").pk, by=who("test"))
    dispatch_all(run)

    assert offered(olga, run, "a") == ["release"]
    assert offered(olga, run, "b") == []


def offered(client: Client, run: WorkflowRun, step_id: str) -> list[str]:
    html = client.get(url_of(task(run, step_id))).content.decode()
    return [name for name in ("hold", "release") if f'value="{name}"' in html]
