"""`manage.py check` names malformed keys, and credentials that the present keys cannot read."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from runners.checks import REMEDY
from runners.models import Runner
from tests.support.secrets import VALUE


@pytest.fixture
def gpu(db: None) -> Runner:
    """Make a runner with a token."""
    runner = Runner(name="gpu-1", kind="http", url="https://gpu-1")
    runner.enter_credentials({"token": VALUE})
    runner.save()
    return runner


def test_malformed_key_is_named_by_its_number(settings: Settings) -> None:
    settings.SECRETS_KEYS = [Fernet.generate_key().decode(), "hunter2"]

    [error] = run_checks()

    assert (error.id, error.msg) == ("runners.E001", "Key 2 of SECRETS_KEYS is malformed.")
    assert "hunter2" not in f"{error}"
    assert "Fernet.generate_key()" in (error.hint or "")


def test_credentials_that_present_keys_cannot_read_are_named(
    gpu: Runner, settings: Settings
) -> None:
    assert run_checks(databases=["default"]) == []
    settings.SECRET_KEY = "another"

    [error] = run_checks(databases=["default"])

    text = "The token of runner gpu-1 cannot be read with the present SECRETS_KEYS."
    assert (error.id, error.msg, error.hint) == ("runners.E002", text, REMEDY)


def test_check_of_database_fails_without_the_key(gpu: Runner, settings: Settings) -> None:
    settings.SECRET_KEY = "another"

    with pytest.raises(CommandError, match=r"The token of runner gpu-1 cannot be read"):
        call_command("check", databases=["default"], stderr=StringIO())


@pytest.mark.django_db(transaction=True)
def test_database_before_the_migration_passes() -> None:
    table = Runner._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME COLUMN credentials TO hidden")
    try:
        assert run_checks(databases=["default"]) == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} RENAME COLUMN hidden TO credentials")
