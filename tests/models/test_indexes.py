"""The next task is found by an index, whatever statistics the planner has."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all
from workflows.db.sqlite import bound
from workflows.db.statements import pipeline
from workflows.dispatch.attempts import READY
from workflows.dispatch.claims import FIRST_WAITING
from workflows.models import Task, WorkflowRun

INDEX = "task_first_ready"


def plan_of(statement: str, values: Any) -> str:
    word = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{word} {statement}", values)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def plan_of_dispatch(run: WorkflowRun) -> str:
    values = {"run": run.pk, "default": 0, "unwilling": [], "left_out": [], "limit": 1}
    return plan_of(*bound(READY, values))


def plan_of_queryset(run: WorkflowRun) -> str:
    statement, values = Task.objects.ready().filter(run=run)[:1].query.sql_with_params()
    return plan_of(statement, values)


@pytest.mark.parametrize("plan", [plan_of_dispatch, plan_of_queryset])
@pytest.mark.parametrize("is_analyzed", [True, False])
def test_first_ready_task_is_found_by_its_index(
    runs: DrawRun, plan: Callable[[WorkflowRun], str], is_analyzed: bool
) -> None:
    others = [runs(", ".join(f"s{i}" for i in range(200))) for _ in range(5)]
    Task.objects.filter(run__in=others).update(state="success")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    run = others[0] if is_analyzed else runs(", ".join(f"s{i}" for i in range(50)))
    assert INDEX in (found := plan(run)), found
    assert "sort" not in found.lower()
    assert "temp b-tree" not in found.lower()


@pytest.mark.parametrize("is_analyzed", [True, False])
def test_attempts_that_wait_for_an_executor_are_found_from_the_tasks_of_their_run(
    runs: DrawRun, is_analyzed: bool
) -> None:
    others = [runs(", ".join(f"s{i}" for i in range(200))) for _ in range(5)]
    dispatch_all(others[0])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    run = others[0] if is_analyzed else runs(", ".join(f"s{i}" for i in range(50)))
    with transaction.atomic(), pipeline():
        values = {"run": run.pk, "local_kinds": ["local"], "limit": 4}
        found = plan_of(*bound(FIRST_WAITING, values))
    assert "task_first_dispatched" in found, found
    by_task = {"postgresql": "attempt_unique_number", "sqlite": "(task_id=? AND number=?)"}
    assert by_task[connection.vendor] in found, found
    assert "attempt_o" not in found
    assert "sort" not in found.lower()
    assert "temp b-tree" not in found.lower()
