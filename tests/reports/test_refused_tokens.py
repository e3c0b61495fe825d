"""Wrong tokens are counted, cheaply, and answered as unknown tasks are."""

import re
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, states, task
from workflows.dispatch.tokens import token_of
from workflows.models import Counter, Event, WorkflowRun
from workflows.reports.refused_tokens import OF_ADDRESS, OF_TASK, count_refused_token
from workflows.reports.runner_reports import AFTER_THE_END

UNKNOWN = 987_654_321


@pytest.fixture
def run(runs: DrawRun, script: Script) -> WorkflowRun:
    """Return a run whose task is dispatched."""
    made = runs("a")
    dispatch(made)
    return made


def send(pk: int, token: str | None = None, address: str = "10.0.0.1") -> Any:
    client = Client(REMOTE_ADDR=address, headers={"X-Runner-Token": token or "forged"})
    return client.post(
        f"/runner/tasks/{pk}/status", '{"status": "success"}', content_type="application/json"
    )


OF_REQUEST = {"Content-Length": 0, "X-Request-ID": ""}
"""Headers that differ from request to request."""


def refusals() -> list[dict[str, int]]:
    found = Event.objects.filter(event_type="task.report_refused").order_by("id")
    return [event.payload for event in found]


def test_unknown_task_answers_as_a_wrong_token_does(run: WorkflowRun) -> None:
    pk = task(run, "a").pk
    for _ in range(OF_ADDRESS.most + 1):
        known, unknown = send(pk, address="10.0.0.1"), send(UNKNOWN, address="10.0.0.2")
        assert known.status_code == unknown.status_code
        assert {**known.headers, **OF_REQUEST} == {**unknown.headers, **OF_REQUEST}
        # All the same but the number that was asked for.
        number = re.compile(rb"\b(%d|%d)\b" % (pk, UNKNOWN))
        assert number.sub(b"7", known.content) == number.sub(b"7", unknown.content)


def test_unknown_task_takes_the_statements_of_a_wrong_token(run: WorkflowRun) -> None:
    def statements(pk: int, address: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            send(pk, address=address)
        # Without values, so that the same statement about another row is equal.
        return [re.sub(r"\d+|'[^']*'|NULL", "?", each["sql"]) for each in queries]

    for n in range(3):
        known, unknown = statements(task(run, "a").pk, f"10.0.1.{n}"), statements(UNKNOWN, "::1")
        assert known == unknown


def test_address_with_too_many_wrong_tokens_waits_and_writes_nothing(run: WorkflowRun) -> None:
    pk = task(run, "a").pk
    answers = [send(pk).status_code for _ in range(OF_ADDRESS.most)]
    assert {*answers} == {401}

    refused = send(pk)

    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refusals() == [{"count": OF_ADDRESS.most}]
    assert send(pk, address="10.0.0.2").status_code == 401


def test_right_token_counts_from_an_address_that_has_to_wait(run: WorkflowRun) -> None:
    for _ in range(OF_ADDRESS.most + 1):
        send(UNKNOWN)

    assert send(task(run, "a").pk, token_of(attempt(run, "a").pk)).status_code == 200
    assert states(run) == {"a": "success"}


def test_token_of_an_attempt_that_has_ended_is_taken_sixty_times_a_minute(run: WorkflowRun) -> None:
    pk, token = task(run, "a").pk, token_of(attempt(run, "a").pk)
    send(pk, token)

    answers = [send(pk, token).status_code for _ in range(AFTER_THE_END.most + 1)]

    assert answers == [*[200] * AFTER_THE_END.most, 429]


def test_many_addresses_write_the_event_ever_more_rarely(run: WorkflowRun) -> None:
    pk = task(run, "a").pk
    written = 0
    for n in range(130):
        with CaptureQueriesContext(connection) as queries:
            count_refused_token(pk, f"10.0.0.{n}")
        written += any(f"UPDATE {Event._meta.db_table}" in each["sql"] for each in queries)
        if n == 98:
            assert refusals() == [{"count": 99}]

    assert refusals() == [{"count": 130}]
    assert written == 98 + 4  # 2 to 99, and 100, 110, 120, 130


def test_next_hour_has_an_event_of_its_own(run: WorkflowRun) -> None:
    pk = task(run, "a").pk
    send(pk)
    send(pk)
    Counter.objects.update(until=F("until") - OF_TASK.within)

    send(pk)

    assert refusals() == [{"count": 2}, {"count": 1}]


def test_unknown_tasks_share_few_counters(run: WorkflowRun) -> None:
    for pk in range(UNKNOWN, UNKNOWN + 200):
        count_refused_token(pk, f"10.0.0.{pk % 50}")

    assert Counter.objects.filter(key__startswith="refused token of task").count() == 64
    assert refusals() == []
