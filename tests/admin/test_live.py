"""What an open run page requests: the graph once, then the changes."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from tests.admin.conftest import ClientOf, url_of
from tests.factories import RunFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, events, finish, start, task, walk
from workflows.models import Event, WorkflowRun
from workflows.operations.holds import hold
from workflows.operations.runs import pause
from workflows.operations.tasks import cancel, mark_success

LARGE = 2_000


def latest(run: WorkflowRun) -> int:
    """Return the id of the latest event of a run."""
    return events(run)[-1].pk


def poll(client: Client, run: WorkflowRun, after: object) -> Any:
    """Ask what has changed since an event, as the page does."""
    address = f"{url_of(run, 'changes')}?{urlencode({'after': str(after)})}"
    return client.get(address, headers={"If-None-Match": f'"{after}"'})


def records(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of an answer by the names of their columns, as the page reads them."""
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def seconds(moment: datetime | None) -> float:
    """Return a moment as pages get it."""
    assert moment is not None
    return round(moment.timestamp(), 3)


def fan(steps: int) -> WorkflowRun:
    """Return a run of so many steps between two others, of which the first is done."""
    drawing = ", ".join(f"first > s{n} > last" for n in range(steps))
    run = RunFactory.create(template__drawing=drawing)
    walk(run, "first")
    dispatch_all(run)
    return run


def test_graph_has_tasks_edges_times_and_usual_durations(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b, c")
    hold(task(run, "c").pk, by=who("test"))
    dispatch_all(run)
    start(run, "a")

    graph = olga.get(url_of(run, "graph")).json()

    a, b, c = records(graph["tasks"])
    assert a == {
        "name": "a",
        "title": "a",
        "runner": "default runner",
        "id": task(run, "a").pk,
        "state": "running",
        "flags": [],
        "attempts": 1,
        "dispatched": seconds(task(run, "a").dispatched_at),
        "started": seconds(task(run, "a").started_at),
        "finished": None,
        "exit_code": None,
        "approved_by": "",
        "approved_at": None,
    }
    assert (b["state"], b["attempts"], b["dispatched"], b["started"]) == ("pending", 0, None, None)
    assert c["flags"] == ["held"]
    assert graph["edges"] == [[0, 1]]
    assert graph["usual"] == []


def test_poll_without_changes_is_a_304_with_one_statement(root: Client, runs: DrawRun) -> None:
    run = runs("a > b")
    newest = latest(run)
    poll(root, run, 0)  # what is read once per process has been read

    with CaptureQueriesContext(connection) as statements:
        answer = poll(root, run, newest)

    assert (answer.status_code, answer.content) == (304, b"")
    login = {"django_session", "auth_user"}
    ours = [each["sql"] for each in statements if not any(t in each["sql"] for t in login)]
    assert len(ours) == 1
    assert "workflows_event" in ours[0]


def test_changed_tasks_are_sent_with_the_live_parts(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b, c")
    before = latest(run)
    dispatch_all(run)
    finish(run, "a", "failed", message="exit code 3")
    cancel(task(run, "c").pk, by=who("olga"), reason="not today")
    mark_success(task(run, "a").pk, by=who("olga"), reason="by hand")

    answer = poll(olga, run, before)

    changes = answer.json()
    assert answer["ETag"] == f'"{latest(run)}"'
    changed = {each["id"]: (each["state"], each["flags"]) for each in records(changes["tasks"])}
    assert changed == {
        task(run, "a").pk: ("success", ["marked_success"]),
        task(run, "c").pk: ("canceled", []),
    }
    assert changes["state"] == "running"
    assert "2 of 3 steps" in changes["parts"]["summary"]
    assert 'value="abort"' in changes["parts"]["operations"]
    assert "canceled" in changes["parts"]["verdict"]
    sent = records(changes["events"])
    assert [event["id"] for event in sent] == [
        event.pk for event in events(run) if event.pk > before
    ]
    by_hand = next(each for each in events(run) if each.event_type == "task.marked_success")
    expected = {
        "id": by_hand.pk,
        "at": by_hand.created_at.isoformat(),
        "type": "task.marked_success",
        "task": task(run, "a").pk,
        "actor": "olga",
        "reason": "by hand",
    }
    assert expected in sent


def test_only_the_latest_events_are_sent_with_shortened_reasons(
    olga: Client, runs: DrawRun
) -> None:
    run = runs(", ".join(f"s{n}" for n in range(30)))
    before = latest(run)
    dispatch_all(run)
    pause(run.pk, by=who("olga"), reason="x" * 1000)

    sent = records(poll(olga, run, before).json()["events"])

    assert len(sent) == 20
    assert (sent[-1]["type"], sent[-1]["task"]) == ("workflow_run.paused", None)
    assert sent[-1]["reason"] == "x" * 200
    assert [event["id"] for event in sent] == sorted(event["id"] for event in sent)


@pytest.mark.slow
def test_one_change_of_a_large_run_is_a_small_response(olga: Client) -> None:
    run = fan(LARGE)
    before = latest(run)
    for number in range(5):
        finish(run, f"s{number}", "failed", message="exit code 3")
    poll(olga, run, before)
    before = latest(run)
    finish(run, "s1999", "failed", message="exit code 3")

    answer = poll(olga, run, before)

    assert len(answer.json()["tasks"]["rows"]) == 1
    assert len(answer.content) < 6_800
    assert "3 more failed" in answer.json()["parts"]["verdict"]


def test_statements_of_a_poll_do_not_grow_with_tasks(olga: Client) -> None:
    counts = []
    for run in (fan(2), fan(60)):
        before = latest(run)
        finish(run, "s1", "failed")
        poll(olga, run, before)  # what is read once per process has been read
        with CaptureQueriesContext(connection) as changes:
            assert poll(olga, run, before).status_code == 200
        with CaptureQueriesContext(connection) as graph:
            assert olga.get(url_of(run, "graph")).status_code == 200
        counts.append((len(changes), len(graph)))

    assert counts[0] == counts[1]
    assert counts[0] <= (19, 8)


def test_deadlock_is_shown_with_actions_in_a_constant_number_of_statements(
    olga: Client,
) -> None:
    counts = []
    for size in (2, 60):
        run = fan(size)
        for number in range(size):
            finish(run, f"s{number}", "failed", message="exit code 2")
        with CaptureQueriesContext(connection) as statements:
            parts = poll(olga, run, 0).json()["parts"]
        counts.append(len(statements))

    assert "and 1 task waits for" in parts["verdict"]
    assert "57 more failed" in parts["verdict"]
    assert "Retry 60 failed" in parts["verdict"]
    assert 'value="cancel_rest"' in parts["verdict"]
    assert counts[0] == counts[1] <= 20


@pytest.mark.parametrize("after", ["x", "-1", "1e3", "٣", "9" * 40, ""])
def test_invalid_event_id_is_not_found(olga: Client, runs: DrawRun, after: str) -> None:
    assert poll(olga, runs("a"), after).status_code == 404


def test_unknown_run_is_not_found(olga: Client) -> None:
    for page in ("changes", "graph"):
        assert olga.get(f"/admin/workflows/workflowrun/987654/{page}/").status_code == 404


def test_future_event_id_gives_no_changes(olga: Client, runs: DrawRun) -> None:
    run = runs("a")

    changes = poll(olga, run, latest(run) + 1000).json()

    assert (changes["tasks"]["rows"], changes["events"]["rows"]) == ([], [])


def test_polling_needs_the_view_permissions(client_of: ClientOf, runs: DrawRun) -> None:
    run = runs("a")
    stranger, halfway = client_of("ruth"), client_of("anna", "workflows.view_workflowrun")

    assert poll(stranger, run, 0).status_code == 403
    assert stranger.get(url_of(run, "graph")).status_code == 403
    assert halfway.get(url_of(run, "graph")).status_code == 403
    assert poll(Client(), run, 0).status_code == 302
    changes = poll(halfway, run, 0).json()
    assert (changes["tasks"]["rows"], changes["events"]["rows"]) == ([], [])


def test_viewer_gets_live_parts_without_buttons(viola: Client, runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch_all(run)
    finish(run, "a", "failed")

    parts = poll(viola, run, 0).json()["parts"]

    assert "and 1 task waits for" in parts["verdict"]
    assert "<form" not in "".join(parts.values())
    assert "csrf" not in "".join(parts.values())


def test_polling_writes_no_events(olga: Client, runs: DrawRun) -> None:
    run = runs("a")
    before = Event.objects.count()

    poll(olga, run, 0)
    olga.get(url_of(run, "graph"))

    assert Event.objects.count() == before
