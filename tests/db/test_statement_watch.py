"""Whether something may have been stored, as far as the statements tell."""

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from psycopg.errors import ReadOnlySqlTransaction

from workflows.db.statement_watch import StatementWatch
from workflows.models import LastLook

pytestmark = pytest.mark.django_db(transaction=True)


SILENCE, REPORTED = OperationalError("the connection is lost"), OperationalError("read-only")
REPORTED.__cause__ = ReadOnlySqlTransaction()


@pytest.fixture
def watch() -> StatementWatch:
    return StatementWatch()


def write(name: str, then: Exception | None = None) -> None:
    """Store a row."""
    LastLook.objects.create(name=name)
    if then:
        raise then


def fail() -> None:
    """Execute a statement that fails."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing")


def test_reading_stores_nothing(watch: StatementWatch) -> None:
    with watch.watching():
        list(LastLook.objects.all())
    assert (watch.is_answered, watch.is_outcome_open(SILENCE)) == (True, False)


@pytest.mark.parametrize("is_atomic", [True, False])
def test_what_was_committed_stays_known_after_a_refusal(
    watch: StatementWatch, is_atomic: bool
) -> None:
    with watch.watching():
        if is_atomic:
            with transaction.atomic():
                write("one")
        else:
            write("one")
        with pytest.raises(DatabaseError):
            fail()
    assert watch.is_outcome_open(REPORTED)


def test_refused_statement_takes_its_transaction_with_it(watch: StatementWatch) -> None:
    with watch.watching(), pytest.raises(DatabaseError), transaction.atomic():  # noqa: PT012
        write("one")
        fail()
    assert not watch.is_outcome_open(SILENCE)
    assert not LastLook.objects.exists()


def test_outcome_of_a_commit_that_fails_is_open(watch: StatementWatch) -> None:
    with watch.watching(), pytest.raises(OSError, match="cut"), transaction.atomic():
        write("one", then=OSError("cut before the answer to COMMIT"))
    assert watch.is_outcome_open(SILENCE)
    assert not watch.is_outcome_open(REPORTED)  # then the transaction is rolled back


def test_nothing_was_asked(watch: StatementWatch) -> None:
    assert (watch.is_answered, watch.is_outcome_open(SILENCE)) == (False, False)
