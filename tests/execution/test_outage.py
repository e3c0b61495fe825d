"""The database connection is lost: the executor waits, and reports correctly afterwards."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connection

from tests.execution.conftest import Execution
from tests.support.actors import who
from tests.support.verbs import attempt, dispatch_all, trail
from workflows.db import failpoints
from workflows.execution.executor import Executor
from workflows.models import WorkflowRun

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def other(transactional_db: None) -> Iterator[psycopg.Connection]:
    """Connect to the database of the test beside Django."""
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        yield other


def cut(other: psycopg.Connection) -> None:
    """End the connection that the executor is about to use."""
    other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])


def is_unfinished(run: WorkflowRun, other: psycopg.Connection) -> bool:
    query = "SELECT state FROM workflows_workflowrun WHERE id = %s"
    found = other.execute(query, [run.pk]).fetchone()
    return found != ("success",)


@pytest.mark.parametrize("moment", ["before it begins", "while it works"])
def test_executor_survives_a_lost_connection(
    execution: Execution, other: psycopg.Connection, moment: str
) -> None:
    run = execution.drawn({"a": {"command": ["sleep", "0.3"]}})
    dispatch_all(run)
    executor = Executor(concurrency=1, by=who("local runner"))
    cuts = iter([True] if moment == "while it works" else [])
    if moment == "before it begins":
        cut(other)

    def should_continue() -> bool:
        if not executor.is_idle and next(cuts, False):
            cut(other)
        return is_unfinished(run, other)

    executor.serve(should_continue)
    assert attempt(run, "a").outcome == "success"
    assert trail(run)[-3:] == ["task.running a", "task.succeeded a", "workflow_run.succeeded"]


def test_claim_whose_answer_was_lost_is_executed(
    execution: Execution, other: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is stored, and the connection ends before its executor hears of that."""
    run = execution.drawn({"a": {"python": "noop"}})
    dispatch_all(run)
    cuts = iter([True])

    def cut_after_claim(name: str) -> None:
        if name == "claim.committed" and next(cuts, False):
            cut(other)
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(failpoints, "trap", cut_after_claim)
    executor = Executor(concurrency=1, by=who("local runner"))
    executor.serve(lambda: is_unfinished(run, other))
    assert trail(run)[-3:] == ["task.running a", "task.succeeded a", "workflow_run.succeeded"]
