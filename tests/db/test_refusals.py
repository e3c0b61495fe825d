"""Which errors of the real databases are refusals, and which are faults of ours."""

from contextlib import suppress

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError

from tests.support.refusing import refusing
from workflows.db.refusals import is_passing, is_refusal, is_silence, leave_connections
from workflows.errors import Busy, Conflict
from workflows.models import LastLook

REFUSED = [
    *("08000", "08003", "08006", "08P01", "25006", "25P03", "25P04", "26000", "28000", "28P01"),
    *("3D000", "40001", "40P01", "42501", "53100", "53200", "53300", "55006", "55P03"),
    *("57014", "57P01", "57P02", "57P03", "57P04", "57P05", "58000", "58030", "XX000", "XX001"),
    "0A000",  # "cached plan must not change result type"
]
FAULTS = ["22012", "22P02", "23505", "25001", "25P02", "42601", "42703", "42883", "42P01", "54001"]


def raised(*statements: str) -> DatabaseError:
    """Return what the database raises for the last of some statements."""
    *before, last = statements
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in before:
            cursor.execute(statement)
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            cursor.execute(last)
        transaction.set_rollback(True)
    return caught.value


def state(sqlstate: str) -> DatabaseError:
    """Return the error that PostgreSQL raises with a state."""
    return raised(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END $$")


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("sqlstate", REFUSED)
def test_state_in_which_the_server_refuses(sqlstate: str) -> None:
    assert is_refusal(state(sqlstate))


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("sqlstate", FAULTS)
def test_state_that_wrong_code_causes(sqlstate: str) -> None:
    assert not is_refusal(state(sqlstate))


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statements", "refuses"),
    [
        (["SET TRANSACTION READ ONLY", "DELETE FROM workflows_task"], True),
        (["CREATE ROLE guest", "SET ROLE guest", "SELECT * FROM workflows_task"], True),
        (["SET LOCAL statement_timeout = 10", "SELECT pg_sleep(1)"], True),
        (["SELECT * FROM workflows_nothing"], False),
        (["SELECT id FROM workflows_task WHERE colour = 1"], False),
        (["SELECT 1 / 0"], False),
    ],
)
def test_statement_that_is_refused_or_wrong(statements: list[str], refuses: bool) -> None:
    assert is_refusal(raised(*statements)) is refuses


@pytest.mark.postgres
@pytest.mark.django_db
def test_table_in_a_schema_that_may_not_be_used_any_more() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE guest; CREATE SCHEMA own; SET LOCAL search_path = own")
        cursor.execute("SET LOCAL ROLE guest")
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            cursor.execute("SELECT * FROM workflows_task")
        assert is_refusal(caught.value)
        transaction.set_rollback(True)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_connection_that_was_cut_is_silence() -> None:
    connection.ensure_connection()
    info = connection.connection.info
    with psycopg.connect(info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [info.backend_pid])
    with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert (is_refusal(caught.value), is_silence(caught.value)) == (True, True)
    leave_connections(caught.value)
    assert connection.connection is None


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(("sqlstate", "refuses"), [("25006", True), ("22012", False)])
def test_statement_after_a_failed_one_is_refused_if_that_was(sqlstate: str, refuses: bool) -> None:
    with transaction.atomic():
        with refusing("INSERT", sqlstate), suppress(DatabaseError):
            LastLook.objects.create(name="one")
        with pytest.raises(TransactionManagementError) as caught:
            LastLook.objects.exists()
        transaction.set_rollback(True)
    assert is_refusal(caught.value) is refuses


def test_busy_run_is_a_refusal_about_that_run_and_other_conflicts_are_none() -> None:
    busy = Busy("workflow run", 7)
    assert str(busy) == "workflow run 7 is busy; try again"
    assert (is_refusal(busy), is_passing(busy), is_silence(busy)) == (True, True, False)
    assert not is_refusal(Conflict("workflow run 7 is paused"))
    assert not is_refusal(ValueError())
    assert not is_refusal(None)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("sqlstate", "is_kept"), [("57014", True), ("25006", False)])
def test_connection_that_may_go_on_refusing_is_not_kept(sqlstate: str, is_kept: bool) -> None:
    leave_connections(state(sqlstate))
    assert (connection.connection is not None) is is_kept
