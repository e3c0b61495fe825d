"""`/healthz` and `/readyz`: health checks without a login."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all
from workflows.models import TaskAttempt


def test_healthz_needs_no_database() -> None:
    answer = APIClient().get("/healthz")  # this test may not touch the database

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_is_200_with_all_migrations_applied(anonymous: APIClient) -> None:
    answer = anonymous.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert "no-cache" in answer["Cache-Control"]


def test_readyz_says_that_nobody_looks_after_overdue_attempts(
    anonymous: APIClient, runs: DrawRun, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = runs("a")
    dispatch_all(run)
    long_ago = timezone.now() - timedelta(minutes=6)
    TaskAttempt.objects.update(started_at=long_ago, lease_expires_at=long_ago)

    with django_assert_max_num_queries(3):  # two of them are about migrations
        answer = anonymous.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    [sentence] = answer.json()["attention"]
    assert sentence.startswith("Nobody has looked after overdue attempts for five minutes: start")


def test_readyz_is_503_while_a_migration_is_missing(anonymous: APIClient) -> None:
    [(app, latest)] = MigrationLoader(connection).graph.leaf_nodes("workflows")
    MigrationRecorder(connection).record_unapplied(app, latest)

    answer = anonymous.get("/readyz")

    detail = "1 migration is not applied: run manage.py migrate."
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "detail": detail})


def test_readyz_is_503_without_the_database(
    anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("connection to 10.1.2.3 refused for user secret")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", refuse)

    answer = anonymous.get("/readyz")

    detail = "The database cannot be reached."
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "detail": detail})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_accept_only_reads(anonymous: APIClient, path: str) -> None:
    assert anonymous.post(path).status_code == 405
