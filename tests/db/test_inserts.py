"""Every column that a model has is stored, whether or not the code that stores rows knows it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, connection, models
from django.db.models.functions import Now
from django.test.utils import isolate_apps
from pytest_django import DjangoAssertNumQueries

from tests.support.database import environment
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all
from workflows.db.inserts import InsertSelect, insert, stored_columns
from workflows.models import Event, Task, TaskAttempt, TaskDependency
from workflows.runs import expansion, transitions

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_new_columns_are_stored_without_touching_any_statement() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.db.wider_models"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ended.returncode, ended.stderr
    default = ["gpu-1", "eu"]
    assert json.loads(ended.stdout) == {
        "TemplateStep": [["copied", "north"], default],
        "Task": [["copied", "north"], default],
        "TaskDependency": [default],
        "Approval": [default],
        "Event": [default] * 6,  # two created, one awaits approval; run created, begun; dispatched
        "TaskAttempt": [default],
    }


@pytest.mark.parametrize(
    ("statement", "model"),
    [
        (expansion.STEPS_OF_TEMPLATE.insert_tasks, Task),
        (expansion.INSERT_DEPENDENCIES, TaskDependency),
        (expansion.INSERT_EVENTS, Event),
        (expansion.INSERT_APPROVAL_EVENTS, Event),
        (transitions.INSERT_EVENTS, Event),
    ],
)
def test_a_statement_names_every_column_of_its_model(
    statement: InsertSelect, model: type[models.Model]
) -> None:
    named = statement.statement.partition("(")[2].partition(")")[0].replace('"', "").split(", ")
    every = {field.column for field in model._meta.concrete_fields}
    assert len(named) == len(set(named))
    assert {*named, "id"} == every


def test_attempts_are_stored_as_the_orm_reads_them(runs: DrawRun) -> None:
    run = runs("a", payload={"command": ["du", "ä"]}, timeout_seconds=90)
    dispatch_all(run)
    attempt = TaskAttempt.objects.get()
    assert (attempt.payload["command"], attempt.timeout_seconds) == (["du", "ä"], 90)
    assert (attempt.result, attempt.exit_code, attempt.outcome) == (None, None, "")


@pytest.fixture
def scratch(transactional_db: None) -> Iterator[type[models.Model]]:
    """Return a model with a column of each kind, whose table is there during the test."""
    with isolate_apps("workflows"):

        class Scratch(models.Model):
            """A row with a column of each kind."""

            text = models.CharField(max_length=5, default="")
            order = models.IntegerField(default=0)
            flag = models.BooleanField(default=False)
            ratio = models.FloatField(null=True)
            price = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal("0.10"))
            data = models.JSONField(null=True)
            key = models.UUIDField(null=True)
            day = models.DateField(null=True)
            at = models.DateTimeField(null=True)
            took = models.DurationField(null=True)
            made_at = models.DateTimeField(auto_now_add=True)
            constant = models.CharField(max_length=9, db_default="constant")
            settings = models.JSONField(db_default={"a": 1})
            computed = models.DateTimeField(db_default=Now())

            class Meta:
                app_label = "workflows"

            def __str__(self) -> str:
                return self.text

        with connection.schema_editor() as editor:
            editor.create_model(Scratch)
        yield Scratch
        with connection.schema_editor() as editor:
            editor.delete_model(Scratch)


VALUES: dict[str, Any] = {
    "text": "ä'\"%",
    "order": -7,
    "flag": True,
    "ratio": 0.1,
    "price": Decimal("99999.99"),
    "data": {"deep": [1, None, "x"]},
    "key": UUID(int=7),
    "day": date(2026, 11, 22),
    "at": NOON,
    "took": timedelta(days=1, seconds=2, microseconds=3),
    "constant": "given",
    "settings": ["given"],
    "computed": NOON,
}


def test_values_of_every_kind_are_stored_as_they_are(scratch: Any) -> None:
    insert([scratch(**VALUES)])
    row = scratch.objects.get()
    assert {name: getattr(row, name) for name in VALUES} == VALUES
    assert row.made_at.tzinfo


def test_columns_that_are_not_given_have_their_defaults(scratch: Any) -> None:
    insert([scratch()])
    row = scratch.objects.get()
    assert (row.text, row.price, row.data, row.took) == ("", Decimal("0.10"), None, None)
    assert (row.constant, row.settings) == ("constant", {"a": 1})
    assert abs(row.computed - row.made_at) < timedelta(minutes=1)


@pytest.mark.parametrize("data", ["text", 7, False, [], {}, None])
def test_json_of_every_kind_is_stored_as_it_is(scratch: Any, data: Any) -> None:
    insert([scratch(data=data)])
    assert scratch.objects.get().data == data


def test_a_set_of_any_size_is_one_statement(
    scratch: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        insert([scratch(order=n) for n in range(1_000)])
    assert scratch.objects.count() == 1_000
    with django_assert_num_queries(0):
        insert([])


@pytest.mark.postgres
def test_text_that_is_too_long_is_refused_not_cut_off(scratch: Any) -> None:
    with pytest.raises(DataError):
        insert([scratch(text="longer than five")])


def test_a_missing_value_is_refused(scratch: Any) -> None:
    with pytest.raises(IntegrityError):
        insert([scratch(order=None)])


def test_the_key_that_the_database_gives_is_not_stored(scratch: Any) -> None:
    assert "id" not in stored_columns(scratch)
    assert "id" in stored_columns(TaskAttempt)
