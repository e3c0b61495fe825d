"""System checks: keys are well formed and read what is stored; functions can be imported."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DatabaseError

from runners.encryption import malformed_keys
from runners.functions import UnusableModule, load_functions
from runners.models import Runner

MALFORMED = "Key {} of SECRETS_KEYS is malformed."
MAKE_ONE = (
    "Make one with: python -c "
    '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)
UNREADABLE = "The {} of runner {} cannot be read with the present SECRETS_KEYS."
REMEDY = (
    "Add the key that it was encrypted with to SECRETS_KEYS. If it is lost, enter the credential "
    "again; until then, migrate needs --skip-checks."
)


def check_secrets_keys(app_configs: object = None, **_: Any) -> list[CheckMessage]:
    """Name the malformed keys by their number; a key is never shown."""
    return [Error(MALFORMED.format(n), hint=MAKE_ONE, id="runners.E001") for n in malformed_keys()]


def check_stored_credentials(
    app_configs: object = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Name the credentials that cannot be decrypted; `check --database default` asks for it."""
    return [
        Error(UNREADABLE.format(name, runner), hint=REMEDY, obj=runner, id="runners.E002")
        for database in databases or ()
        for runner in _runners_in(database)
        for name in _unreadable(runner)
    ]


def check_function_modules(app_configs: object = None, **_: Any) -> list[CheckMessage]:
    """Name the first module of TASK_FUNCTION_MODULES that cannot be imported."""
    try:
        load_functions()
    except UnusableModule as exc:
        return [Error(str(exc), id="runners.E003")]
    return []


def _unreadable(runner: Runner) -> list[str]:
    try:
        return sorted(runner.credentials.keys() - runner.known_secrets.keys())
    except (AttributeError, TypeError):  # somebody has written them by hand
        return ["credentials"]


def _runners_in(database: str) -> list[Runner]:
    try:
        return list(Runner.objects.using(database).order_by("name"))
    except DatabaseError:  # `migrate` checks first, and has yet to make the table or the column
        return []
