"""No event is missed whose id was given before, and that was committed after another one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from tests.exports.exported import ids
from tests.exports.writers import writing
from tests.factories import RunFactory
from workflows.db.doors import InsideTransaction
from workflows.errors import Invalid
from workflows.exports import history
from workflows.exports.horizon import HeldBack
from workflows.models import Event, EventType
from workflows.runs.events import record


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no open transaction."""
    monkeypatch.setattr(history, "WAIT_S", 0.0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_event_that_is_committed_after_a_later_one_is_not_lost(impatient: None) -> None:
    seen = record(EventType.NOTHING_READY).pk
    with writing() as (other, early):
        late = record(EventType.NOTHING_READY).pk
        with pytest.raises(HeldBack, match="another transaction that writes events has been open"):
            ids(seen)
        other.commit()
        assert seen < early < late
        assert ids(seen) == [early, late]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_export_waits_for_what_is_open_and_for_nothing_that_begins_later() -> None:
    def export() -> list[int]:
        try:
            return ids()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, writing() as (first, early):
        found = pool.submit(export)
        while not _is_waiting():
            pass
        with writing() as (_, open_one):
            first.commit()
            assert found.result(30) == [early]
        assert ids() == [early, open_one]


def _is_waiting() -> bool:
    """Return True if an exporter has asked which transactions are open."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%virtualtransaction%'"
            " AND datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_reads_locks_or_rolls_back_holds_nothing_back(impatient: None) -> None:
    seen = record(EventType.NOTHING_READY).pk
    run = RunFactory.create()
    with writing() as (other, _):
        other.rollback()
        other.execute("SELECT * FROM workflows_event FOR SHARE")
        other.execute("SELECT * FROM workflows_workflowrun FOR UPDATE")
        assert ids(seen) == [*Event.objects.filter(run=run).values_list("pk", flat=True)]


@pytest.mark.django_db(transaction=True)
def test_cursor_of_another_database_is_refused() -> None:
    last = record(EventType.NOTHING_READY).pk
    Event.objects.all().delete()
    assert ids(last) == []
    with pytest.raises(Invalid, match=f"after: No event has this id yet, the latest is {last}"):
        ids(last + 1)


@pytest.mark.django_db(transaction=True)
def test_export_is_refused_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(InsideTransaction):
        ids()
