"""Statements written by hand are planned by index; the settings end with the transaction."""

import pytest
from django.db import connection, transaction

from workflows.db.statements import pipeline

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
        ("plan_cache_mode", "force_generic_plan"),
    ],
)
def test_planner_setting_ends_with_its_transaction(name: str, within: str) -> None:
    before = setting(name)
    with transaction.atomic(), pipeline():
        assert setting(name) == within
    assert setting(name) == before != within
