"""The canonical form of a value is the same before it is stored and after it is read."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.authoring.strategies import JSON
from workflows.db.canonical import as_moment, canonical, jsonb_text
from workflows.models import RunRecord

NUMBERS = [1e22, 1e23, -0.0, 1.0, 0.1, 5e-324, 1.7e308, -1e16, 2**53 + 1, 2.0**60, 10**40, 1e-7]
A_MOMENT = timedelta(milliseconds=1)
NOW = datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC)


def stored(value: Any) -> tuple[Any, str]:
    """Store a value; return it as Django reads it, and the text that the database gives."""
    record = RunRecord.objects.create(run_id=1, created_at=NOW, task_counts=value)
    record.refresh_from_db()
    column = "task_counts::text" if connection.vendor == "postgresql" else "task_counts"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {RunRecord._meta.db_table}")
        [text] = cursor.fetchone()
    RunRecord.objects.all().delete()
    return record.task_counts, text


@pytest.mark.django_db
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.one_of(JSON, st.sampled_from(NUMBERS), st.lists(st.sampled_from(NUMBERS))))
def test_json_is_the_same_written_and_read(value: Any) -> None:
    read, text = stored({"value": value})
    assert canonical(read) == canonical({"value": value})
    # What PostgreSQL writes, and what SQLite makes of the text that it keeps.
    written = text if connection.vendor == "postgresql" else jsonb_text(text)
    assert written == jsonb_text(json.dumps({"value": value}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"b": 1, "a": [1.0]}, {"a": [1], "b": 1.0}),
        (1e22, 10**22),
        (-0.0, 0),
        (NOW, NOW.astimezone(timezone(timedelta(hours=5)))),
    ],
)
def test_same_values_have_one_form(one: Any, other: Any) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (True, 1),
        (None, ""),
        (["a", "b"], ["a,b"]),
        (NOW, NOW + A_MOMENT),
    ],
)
def test_different_values_have_different_forms(one: Any, other: Any) -> None:
    assert canonical(one) != canonical(other)


def test_moments_of_hand_written_statements_are_those_of_the_orm() -> None:
    read = ("2026-11-29 01:02:03", NOW.replace(tzinfo=None), NOW)
    assert [as_moment(each) for each in read] == [NOW, NOW, NOW]
