"""What is written by hand is planned by index, in its own transaction only."""

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
def test_a_planners_setting_ends_with_the_transaction(name: str, within: str) -> None:
    before = setting(name)
    with transaction.atomic(), pipeline():
        assert setting(name) == within
    assert setting(name) == before != within
