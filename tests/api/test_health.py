"""`/healthz` and `/readyz`: health checks without a login."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import UserFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all
from workflows.api import readiness
from workflows.api.readiness import Probe, Readiness
from workflows.models import TaskAttempt

READY, NOT_READY = {"status": "ready"}, {"status": "not ready"}
MISSING = "1 migration is not applied: run manage.py migrate."

# The database is asked by a thread of its own, which sees what has committed.
in_no_transaction = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stranger() -> APIClient:
    """Return a client without a login."""
    return APIClient()


@pytest.fixture
def one_missing(transactional_db: None) -> Iterator[None]:
    """Have the latest migration missing."""
    [(app, latest)] = MigrationLoader(connection).graph.leaf_nodes("workflows")
    MigrationRecorder(connection).record_unapplied(app, latest)
    yield
    MigrationRecorder(connection).record_applied(app, latest)


def test_healthz_needs_no_database() -> None:
    answer = APIClient().get("/healthz")  # this test may not touch the database

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@in_no_transaction
def test_readyz_is_200_with_all_migrations_applied(stranger: APIClient) -> None:
    answer = stranger.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, READY)
    assert "no-cache" in answer["Cache-Control"]
    assert stranger.head("/readyz").status_code == 200


@pytest.mark.usefixtures("one_missing")
def test_readyz_is_503_while_a_migration_is_missing(stranger: APIClient) -> None:
    answer = stranger.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, NOT_READY)


@pytest.mark.usefixtures("one_missing")
def test_readyz_says_what_is_wrong_to_those_who_may_know(api: APIClient) -> None:
    answer = api.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, NOT_READY | {"detail": MISSING})


@in_no_transaction
def test_readyz_says_that_nobody_looks_to_those_who_may_know(
    api: APIClient, stranger: APIClient, runs: DrawRun
) -> None:
    dispatch_all(runs("a"))
    long_ago = timezone.now() - timedelta(minutes=6)
    TaskAttempt.objects.update(started_at=long_ago, lease_expires_at=long_ago)
    nobody = UserFactory.create(username="nobody")

    answer = api.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    [sentence] = answer.json()["attention"]
    assert sentence.startswith("Nobody has looked after overdue attempts for five minutes: start")
    assert stranger.get("/readyz").json() == READY
    stranger.force_authenticate(nobody)
    assert stranger.get("/readyz").json() == READY


@in_no_transaction
def test_readyz_takes_a_wrong_token_for_a_stranger(stranger: APIClient) -> None:
    stranger.credentials(HTTP_AUTHORIZATION="Token 0000")
    assert stranger.get("/readyz").status_code == 200


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Listen at a port, and never say anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.postgres
@in_no_transaction
def test_readyz_is_503_in_time_while_the_database_accepts_and_is_silent(
    stranger: APIClient, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {"HOST": "127.0.0.1", "PORT": str(silent_server), "TEST": {}}
    options = {**connection.settings_dict["OPTIONS"], "host": "127.0.0.1", "connect_timeout": 2}
    for name, value in {**here, "OPTIONS": options}.items():
        monkeypatch.setitem(connection.settings_dict, name, value)

    answer = stranger.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, NOT_READY)


def test_probe_that_hangs_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LOOK_WITHIN_S", 0.1)
    hangs, looks = threading.Event(), []

    def look() -> Readiness:
        looks.append(1)
        hangs.wait(60)
        return Readiness()

    probe = Probe(look)
    assert [probe.result().is_reachable for _ in range(3)] == [False] * 3
    assert len(looks) == 1
    hangs.set()
    while not probe.result().is_reachable:
        time.sleep(0.01)
    assert probe.result() == Readiness()


def test_fault_of_the_probe_is_raised_where_it_was_asked_for() -> None:
    def look() -> Readiness:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Probe(look).result()


@pytest.mark.postgres
@in_no_transaction
@pytest.mark.parametrize("table", ["django_migrations", "workflows_taskattempt"])
def test_readyz_stays_200_while_a_table_is_locked(
    stranger: APIClient, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(readiness, "ANSWER_S", 0.2)
    assert stranger.get("/readyz").status_code == 200
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn) as other:
        other.execute(f"LOCK TABLE {table}")
        answer = stranger.get("/readyz")
        other.rollback()
    assert (answer.status_code, answer.json()) == (200, READY)


@pytest.mark.django_db
def test_readyz_is_503_while_sqlite_is_locked(
    stranger: APIClient, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    monkeypatch.setitem(connection.settings_dict, "NAME", f"{tmp_path}/nothing/here")
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, NOT_READY)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_accept_only_reads(stranger: APIClient, path: str) -> None:
    assert stranger.post(path).status_code == 405
