"""`manage.py check` names malformed keys, and credentials that the present keys cannot read."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import include, path
from pytest_django import Settings

from runners.checks import REMEDY
from runners.models import Runner
from tests.support.secrets import VALUE

urlpatterns = [path("<slug:tenant>/ops/", include("workflows.api.urls"))]
"""A prefix with parameters is no address."""


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

    assert (error.id, error.msg) == ("orchestrator.E005", "Key 2 of SECRETS_KEYS is malformed.")
    assert "hunter2" not in f"{error}"
    assert "Fernet.generate_key()" in (error.hint or "")


def test_credentials_that_present_keys_cannot_read_are_named(
    gpu: Runner, settings: Settings
) -> None:
    assert run_checks(databases=["default"]) == []
    settings.SECRET_KEY = "another"

    [error] = run_checks(databases=["default"])

    text = "The token of runner gpu-1 cannot be read with the present SECRETS_KEYS."
    assert (error.id, error.msg, error.hint) == ("orchestrator.E006", text, REMEDY)


def test_earlier_keys_of_the_project_still_decrypt(gpu: Runner, settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert run_checks(databases=["default"]) == []
    assert gpu.known_secrets == {"token": VALUE}


@pytest.mark.urls("tests.runners.test_checks")
def test_runners_whose_hosts_report_are_named_if_the_api_is_not_mounted(gpu: Runner) -> None:
    [warning] = run_checks(databases=["default"])
    assert (warning.id, warning.obj) == ("orchestrator.W004", gpu)
    assert run_checks() == []

    Runner.objects.filter(pk=gpu.pk).update(is_enabled=False)
    assert run_checks(databases=["default"]) == []


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


def test_wrong_settings_are_named_without_their_values(settings: Settings) -> None:
    settings.ORCHESTRATOR = {
        "KEEP_RUN_DAYS": VALUE,
        VALUE.__class__: 1,
        "SECRETS_KEYS": VALUE,
        "TASK_FUNCTION_MODULES": VALUE,
    }

    found = run_checks()

    assert [(error.id, error.msg) for error in found] == [
        ("orchestrator.E001", "ORCHESTRATOR has the key '<class 'str'>', which is no setting."),
        ("orchestrator.E001", "ORCHESTRATOR has the key 'KEEP_RUN_DAYS', which is no setting."),
        ("orchestrator.E002", "SECRETS_KEYS must be a list of keys: see docs/settings.md."),
        ("orchestrator.E002", "TASK_FUNCTION_MODULES must be a list of names of modules."),
    ]
    assert found[1].hint == "Do you mean KEEP_RUNS_DAYS?"
    assert VALUE not in str(found)


def test_settings_that_are_no_dictionary_are_named_once(settings: Settings) -> None:
    settings.ORCHESTRATOR = [VALUE]
    assert [error.id for error in run_checks()] == ["orchestrator.E002"]


def test_kinds_without_a_backend_are_named(settings: Settings) -> None:
    settings.RUNNER_BACKENDS = {
        **settings.RUNNER_BACKENDS,
        "gone": "runners.nowhere.Backend",
        "odd": "runners.conf.setting",
    }
    assert [(error.id, error.msg) for error in run_checks()] == [
        ("orchestrator.E003", "RUNNER_BACKENDS: the path of kind 'gone' leads to no backend."),
        ("orchestrator.E003", "RUNNER_BACKENDS: the path of kind 'odd' leads to no backend."),
    ]
