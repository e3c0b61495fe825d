"""Queries that are composed once answer as those that are composed each time."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from tests.factories import RunFactory
from tests.support.drawing import DrawRun
from workflows.db.composed import AmongGiven, ComposedQuery, Given, composed, count_query
from workflows.models import Task, WorkflowRun


@composed
def tasks_of() -> QuerySet[Task]:
    return Task.objects.filter(run=Given("run")).select_related("run").defer("payload")


@composed
def named() -> QuerySet[Task, Any]:
    steps = Task.objects.filter(AmongGiven("run", "runs"), AmongGiven("step_id", "steps"))
    return steps.order_by("pk").values_list("step_id", "run", named=True)


@composed
def how_many() -> QuerySet[Task, int]:
    return count_query(Task.objects.filter(run=Given("run")))


def test_each_call_takes_its_own_values(runs: DrawRun) -> None:
    for run in (runs("a > b"), runs("c, d, e")):
        assert tasks_of.rows(run=run.pk) == list(run.tasks.all())
        assert how_many.rows(run=run.pk) == [run.tasks.count()]
    assert tasks_of.first(run=0) is None


def test_instances_have_their_relations_and_deferred_fields(
    runs: DrawRun, django_assert_num_queries: Any
) -> None:
    run = runs("a")
    with django_assert_num_queries(1):
        task = tasks_of.first(run=run.pk)
        assert task
        assert task.run == run
    assert "payload" in task.get_deferred_fields()


def test_lists_of_numbers_and_of_texts_are_given(runs: DrawRun) -> None:
    first, second = runs("a > b"), runs("a > b")
    both = [first.pk, second.pk]
    assert named.rows(runs=both, steps=["b"]) == [("b", first.pk), ("b", second.pk)]
    assert named.rows(runs=[second.pk], steps=["a", "x"])[0].step_id == "a"
    assert named.rows(runs=both, steps=[]) == []


@pytest.mark.django_db
def test_postgresql_is_asked_again_without_composing() -> None:
    times: list[int] = []

    def compose() -> QuerySet[WorkflowRun]:
        times.append(1)
        return WorkflowRun.objects.filter(pk=Given("run"))

    query = ComposedQuery(compose)
    for run in RunFactory.create_batch(2):
        assert query.rows(run=run.pk) == [run]
    assert len(times) == {"postgresql": 1, "sqlite": 2}[connection.vendor]


@pytest.mark.django_db
def test_list_that_is_given_is_compared_as_it_stands() -> None:
    """Compared with a truth, as Django 6.1 does with functions, SQLite would use no index."""
    assert "True" not in str(Task.objects.filter(AmongGiven("run", "runs")).query)
