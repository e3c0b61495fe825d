"""
System checks: settings are right, keys read what is stored, functions can be imported.

The checks of both apps have one numbering, `orchestrator.E001` and so on: see docs/settings.md.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 (Django's names)
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils.module_loading import import_string

from runners.base import RunnerBackend
from runners.callbacks import mounted_url
from runners.conf import DECLARED, OURS, setting, unknown_names
from runners.encryption import malformed_keys
from runners.functions import UnusableModule, load_functions
from runners.models import Runner

MALFORMED = "Key {} of SECRETS_KEYS is malformed."
MAKE_ONE = (
    "Make one with: python -c "
    '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)
UNREADABLE = "The {} of runner {} cannot be read with the present SECRETS_KEYS."
SEE = "docs/settings.md describes it."
WANTED_BACKEND = "Name a subclass of runners.base.RunnerBackend that can be imported."
REMEDY = (
    "Add the key that it was encrypted with to SECRETS_KEYS. If it is lost, enter the credential "
    "again; until then, migrate needs --skip-checks."
)
NOT_MOUNTED = "The host of runner {} reports to the API, which has no address in this project."
MOUNT_IT = (
    'Add to the URLs: path("ops/", include("workflows.api.urls")); a prefix with parameters is no '
    "address. Until then, only polling finds out how its tasks end."
)


def check_settings(app_configs: object = None, **_: Any) -> list[CheckMessage]:
    """Name the settings of ours that are unknown or wrong; no value is shown."""
    try:
        unknown = unknown_names()
    except ImproperlyConfigured as exc:
        return [Error(str(exc), id="orchestrator.E002")]
    wrong = {name: why for name in DECLARED if (why := _why_wrong(name))}
    return [
        *(Error(_unknown(name), hint=_hint(name), id="orchestrator.E001") for name in unknown),
        *(Error(why, hint=SEE, id="orchestrator.E002") for why in wrong.values()),
        *([] if "RUNNER_BACKENDS" in wrong else _wrong_backends()),
    ]


def check_secrets_keys(app_configs: object = None, **_: Any) -> list[CheckMessage]:
    """Name the malformed keys by their number; a key is never shown."""
    try:
        malformed = malformed_keys()
    except ImproperlyConfigured:
        return []  # check_settings says so
    return [Error(MALFORMED.format(n), hint=MAKE_ONE, id="orchestrator.E005") for n in malformed]


def check_stored_credentials(
    app_configs: object = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Name the credentials that cannot be decrypted; `check --database default` asks for it."""
    return [
        Error(UNREADABLE.format(name, runner), hint=REMEDY, obj=runner, id="orchestrator.E006")
        for database in databases or ()
        for runner in _runners_in(database)
        for name in _unreadable(runner)
    ]


def check_callbacks(
    app_configs: object = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Name the runners whose hosts report to the API, if no URL leads to it; likewise."""
    if mounted_url("runner-callback", pk=0):
        return []
    return [
        Warning(NOT_MOUNTED.format(runner), hint=MOUNT_IT, obj=runner, id="orchestrator.W004")
        for database in databases or ()
        for runner in _runners_in(database)
        if runner.is_enabled and runner.calls_back
    ]


def check_function_modules(app_configs: object = None, **_: Any) -> list[CheckMessage]:
    """Name the first module with functions that cannot be imported."""
    try:
        load_functions()
    except UnusableModule as exc:
        return [Error(str(exc), id="orchestrator.E004")]
    except ImproperlyConfigured:
        return []  # check_settings says so
    return []


def _unknown(name: str) -> str:
    return f"{OURS} has the key '{name}', which is no setting."


def _hint(name: str) -> str:
    near = get_close_matches(name, DECLARED, 1)
    return f"Do you mean {near[0]}?" if near else f"The settings are: {', '.join(DECLARED)}."


def _why_wrong(name: str) -> str:
    try:
        setting(name)
    except ImproperlyConfigured as exc:
        return str(exc)
    return ""


def _wrong_backends() -> Iterator[CheckMessage]:
    for kind, path in setting("RUNNER_BACKENDS").items():
        try:
            is_backend = issubclass(import_string(path), RunnerBackend)
        except (ImportError, TypeError):
            is_backend = False
        if not is_backend:
            what = f"RUNNER_BACKENDS: the path of kind '{kind}' leads to no backend."
            yield Error(what, hint=WANTED_BACKEND, id="orchestrator.E003")


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
