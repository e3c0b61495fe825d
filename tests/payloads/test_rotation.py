"""Secrets are encrypted at rest, and encrypted again after a change of keys."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from pytest_django import Settings

from runners.checks import check_stored_credentials
from runners.encryption import WRONG_KEYS, decrypt
from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import steps_of
from tests.support.secrets import SCHEMA, VALUE, places_of
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.errors import Invalid
from workflows.models import WorkflowRun
from workflows.payloads import rotation
from workflows.payloads.rotation import rotate_runs
from workflows.payloads.secret_checks import check_stored_secrets
from workflows.runs.creation import create_run

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture(autouse=True)
def old_key(settings: Settings) -> None:
    settings.SECRETS_KEYS = [OLD]


def new_run() -> WorkflowRun:
    """Return a run with a secret."""
    data = {"name": "Secretive", "steps": steps_of("a"), "parameters_schema": SCHEMA}
    template = create_template(parse_template(data))
    return create_run(template_id=template.pk, parameters={"token": VALUE}, by=who("test"))


@pytest.fixture
def run(db: None) -> WorkflowRun:
    return new_run()


def rotate(**options: bool) -> str:
    """Return what the command prints."""
    printed = StringIO()
    call_command("rotate_secrets", stdout=printed, stderr=printed, **options)
    return printed.getvalue()


def test_secret_is_stored_encrypted_with_the_first_key(run: WorkflowRun) -> None:
    assert (run.secrets, run.secret_names) == ({}, ["token"])
    assert decrypt(run.encrypted_secrets["token"]) == VALUE
    assert places_of() == []


def test_rotation_makes_the_old_key_superfluous(run: WorkflowRun, settings: Settings) -> None:
    runner = Runner(name="gpu-1", kind="http", url="https://gpu-1")
    runner.enter_credentials({"token": VALUE})
    runner.save()
    settings.SECRETS_KEYS = [NEW, OLD]

    assert rotate() == "Encrypted with the first key: 2 runs and runners.\n"

    settings.SECRETS_KEYS = [NEW]
    run.refresh_from_db()
    runner.refresh_from_db()
    assert decrypt(run.encrypted_secrets["token"]) == VALUE
    assert runner.known_secrets == {"token": VALUE}
    assert rotate() == "Encrypted with the first key: 0 runs and runners.\n"


def test_interrupted_rotation_leaves_every_secret_readable(
    run: WorkflowRun, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 1)
    WorkflowRun.objects.create(encrypted_secrets=run.encrypted_secrets)
    settings.SECRETS_KEYS = [NEW, OLD]

    assert next(rotate_runs()).is_changed

    for each in WorkflowRun.objects.all():
        assert decrypt(each.encrypted_secrets["token"]) == VALUE
    assert [each.is_changed for each in rotate_runs()] == [False, True]


def test_plain_text_of_the_release_before_is_encrypted(db: None) -> None:
    run = WorkflowRun.objects.create(secrets={"token": VALUE})
    [warning] = check_stored_secrets(databases=["default"])
    assert warning.id == "orchestrator.W001"
    assert places_of() == ["workflows.WorkflowRun.secrets"]

    rotate()

    run.refresh_from_db()
    assert decrypt(run.encrypted_secrets["token"]) == VALUE
    assert (places_of(), check_stored_secrets(databases=["default"])) == ([], [])


def test_lost_key_is_named_until_its_secrets_are_given_up(
    run: WorkflowRun, settings: Settings
) -> None:
    settings.SECRETS_KEYS = [NEW]
    with pytest.raises(CommandError, match=f"parameters of {run} cannot be read .*: token"):
        call_command("check", databases=["default"], stderr=StringIO())
    with pytest.raises(CommandError, match="1 runs and runners cannot be read; keep all keys"):
        rotate()

    assert f"{run}: cannot be read with these keys: token" in rotate(forget=True)

    call_command("check", databases=["default"])
    run.refresh_from_db()
    assert run.secret_names == ["token"]
    assert rotate() == "Encrypted with the first key: 0 runs and runners.\n"


def test_secrets_of_runs_that_have_succeeded_are_not_missed(
    run: WorkflowRun, settings: Settings
) -> None:
    WorkflowRun.objects.update(state="success")
    settings.SECRETS_KEYS = [NEW]
    assert check_stored_secrets(databases=["default"]) == []


def test_malformed_key_refuses_run_and_rotation(run: WorkflowRun, settings: Settings) -> None:
    settings.SECRETS_KEYS = ["hunter2"]
    with pytest.raises(Invalid) as refusal:
        create_run(template_id=run.template_id, parameters={"token": VALUE}, by=who("test"))
    assert refusal.value.fields == {"parameters": [WRONG_KEYS]}
    with pytest.raises(CommandError, match="SECRETS_KEYS has a wrong key"):
        rotate()


@pytest.mark.parametrize("column", ["secrets", "encrypted_secrets"])
@pytest.mark.parametrize("nonsense", [5, ["x"], "x", {"a": 5}])
def test_nonsense_in_one_row_is_named_and_keeps_no_other_from_the_new_key(
    run: WorkflowRun, settings: Settings, column: str, nonsense: object
) -> None:
    other = new_run()
    WorkflowRun.objects.filter(pk=run.pk).update(**{column: nonsense})
    Runner.objects.update(credentials=nonsense)
    check_stored_credentials(databases=["default"])
    check_stored_secrets(databases=["default"])
    settings.SECRETS_KEYS = [NEW, OLD]

    with pytest.raises(CommandError, match="cannot be read"):
        rotate()

    settings.SECRETS_KEYS = [NEW]
    other.refresh_from_db()
    assert decrypt(other.encrypted_secrets["token"]) == VALUE
    rotate(forget=True)
    assert check_stored_secrets(databases=["default"]) == []
