"""Queued statements are sent with the next one; switched off, each is sent where it is written."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch, finish, state, trail
from workflows.db.statements import execute, pipeline, prefetch_query, select

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "CREATE TEMPORARY TABLE scratch (n integer)"
INSERT = "INSERT INTO scratch (n) VALUES (%(n)s)"
COUNT = "SELECT count(*) FROM scratch WHERE n >= %(least)s"


@pytest.fixture
def sent() -> Any:
    """Collect the statements that reach the database, in order."""
    statements: list[str] = []

    def watch(send: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "set_config" not in sql and sql != "BEGIN IMMEDIATE":
            statements.append(sql.split()[0])
        return send(sql, *rest)

    with connection.execute_wrapper(watch):
        yield statements


def test_a_statement_is_sent_with_the_next_one_that_is_read(sent: list[str]) -> None:
    with transaction.atomic(), pipeline():
        execute(CREATE)
        execute(INSERT, n=1)
        assert sent == []
        assert select(COUNT, least=0) == [(1,)]
        assert sent == ["CREATE", "INSERT", "SELECT"]
        execute("DROP TABLE scratch")
        assert len(sent) == 3
    assert sent[3:] == ["DROP"]


def test_a_prefetched_query_is_sent_behind_the_next_statement_and_answered_once(
    sent: list[str],
) -> None:
    with transaction.atomic(), pipeline():
        execute(CREATE)
        prefetch_query(COUNT, least=0)
        select(COUNT, least=1)
        execute(INSERT, n=1)
        assert select(COUNT, least=0) == [(0,)]  # as it was behind the statement before
        assert sent == ["CREATE", "SELECT", "SELECT"]
        assert select(COUNT, least=0) == [(1,)]
        execute("DROP TABLE scratch")


def test_the_queue_is_not_sent_after_a_rollback(sent: list[str]) -> None:
    with transaction.atomic(), pipeline():
        execute(CREATE)
        transaction.set_rollback(True)
    assert sent == []


def execute_wrong_statement(reached: list[str]) -> None:
    with transaction.atomic(), pipeline():
        execute("SELECT no_such_column")
        reached.append("the next line")


def test_an_error_is_raised_where_the_queue_is_sent() -> None:
    reached: list[str] = []
    with pytest.raises(DatabaseError):
        execute_wrong_statement(reached)
    assert reached


@pytest.fixture
def switched_off(settings: Settings) -> None:
    settings.STATEMENT_PIPELINE = False


@pytest.mark.usefixtures("switched_off")
def test_switched_off_an_error_is_raised_where_it_is_written() -> None:
    reached: list[str] = []
    with pytest.raises(DatabaseError):
        execute_wrong_statement(reached)
    assert not reached


@pytest.mark.usefixtures("switched_off")
def test_switched_off_a_query_is_asked_by_its_select(sent: list[str]) -> None:
    with transaction.atomic(), pipeline():
        execute(CREATE)
        prefetch_query(COUNT, least=0)
        execute(INSERT, n=1)
        assert sent == ["CREATE", "INSERT"]
        assert select(COUNT, least=0) == [(1,)]
        execute("DROP TABLE scratch")


@pytest.mark.usefixtures("switched_off")
def test_switched_off_a_run_takes_the_same_way(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    finish(run, "a")
    finish(run, "b")
    assert state(run) == "success"
    assert trail(run) == [
        "workflow_run.running",
        "task.dispatched a",
        "task.succeeded a",
        "task.dispatched b",
        "task.succeeded b",
        "workflow_run.succeeded",
    ]
