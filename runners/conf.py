"""
The settings of both apps: each is declared here once, with its default and what it must be.

A project may write all of them in one place, `ORCHESTRATOR = {"KEEP_RUNS_DAYS": 90}`, or each as a
setting of its own, `KEEP_RUNS_DAYS = 90`; what stands in `ORCHESTRATOR` comes first. None is
needed. `manage.py check` names the wrong ones (see runners/checks.py); a value is never shown,
since it may be secret.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

OURS = "ORCHESTRATOR"
"""The setting that holds all of them."""
MOST_DAYS = 36_500
MOST_PROXIES = 99
MOST_LOG_MB = 100
FAILED_LOGINS = {"per_address": 50, "per_user": 10, "seconds": 900}
_UNSET = object()


@dataclass(frozen=True, slots=True)
class Declared:
    """A setting: what it is if a project says nothing, and what it has to be."""

    default: Callable[[], Any]
    read: Callable[[Any], Any]
    """Returns the value as it is used; raises ValueError or TypeError if it is wrong."""
    wanted: str
    """What it must be, as the end of a sentence that begins with its name."""


def setting(name: str) -> Any:
    """
    Return a setting of the project; its default if the project does not have it.

    :raises ImproperlyConfigured: if it is wrong, so that nothing is done by mistake.
    """
    declared = DECLARED[name]
    if (value := _given(name)) is _UNSET:
        return declared.default()
    try:
        return declared.read(value)
    except (TypeError, ValueError):
        raise ImproperlyConfigured(f"{name} {declared.wanted}") from None


def unknown_names() -> list[str]:
    """Return the keys of ORCHESTRATOR that are no setting."""
    return sorted(str(name) for name in _in_one_place() if name not in DECLARED)


def _given(name: str) -> Any:
    ours = _in_one_place()
    return ours[name] if name in ours else getattr(settings, name, _UNSET)


def _in_one_place() -> Mapping[str, Any]:
    ours = getattr(settings, OURS, None)
    if ours is None:
        return {}
    if not isinstance(ours, Mapping):
        raise ImproperlyConfigured(
            f'{OURS} must be a dictionary, such as {{"RUNS_DIR": "/srv/runs"}}.'
        )
    return ours


def _base_dir() -> Path:
    """Return the folder that the module of settings is imported from, as `startproject` does."""
    module = sys.modules.get(getattr(settings, "SETTINGS_MODULE", None) or "")
    if file := getattr(module, "__file__", None):
        return Path(file).resolve().parents[str(getattr(module, "__name__", "")).count(".")]
    return Path.cwd()


def _folder(value: Any) -> Path:
    if not (folder := Path(value)).is_absolute():
        raise ValueError
    return folder


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _number(most: int, *, least: int = 0) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError
        return value

    return read


def _texts(value: Any) -> Any:
    if not isinstance(value, list | tuple) or not _are_texts(value):
        raise TypeError
    return value


def _import_paths(value: Any) -> Any:
    if not isinstance(value, Mapping) or not _are_texts((*value, *value.values())):
        raise TypeError
    return value


def _text(value: Any) -> Any:
    if not _are_texts([value]):
        raise TypeError
    return value


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) and value for value in values)


def _address(value: Any) -> str:
    parts = urlsplit(_text(value))
    is_plain = not (parts.query or parts.fragment or parts.username is not None)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.port == 0
        or not is_plain
    ):
        raise ValueError
    return str(value).rstrip("/")


def _failed_logins(value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping) or value.keys() - FAILED_LOGINS.keys():
        raise ValueError
    read = _number(2**31 - 1, least=1)
    return {**FAILED_LOGINS, **{name: read(number) for name, number in value.items()}}


def _proxies() -> int:
    return (getattr(settings, "REST_FRAMEWORK", None) or {}).get("NUM_PROXIES") or 0


def kept_log_head() -> int:
    """Return how many characters of the beginning of a log are kept, besides its end."""
    return int(setting("KEEP_LOG_MB")) * 1_000_000


DAYS = Declared(
    lambda: 0,
    _number(MOST_DAYS),
    f"must be a number of days from 1 to {MOST_DAYS}, or 0: forever.",
)
FOLDER = "must be an absolute path."
DECLARED: dict[str, Declared] = {
    "BASE_DIR": Declared(_base_dir, _folder, FOLDER),
    "CELERY_APP": Declared(lambda: "", _text, "must be an import path, such as shop.celery.app."),
    "FAILED_LOGINS": Declared(
        FAILED_LOGINS.copy,
        _failed_logins,
        f"must be a dictionary with numbers from 1, of {', '.join(FAILED_LOGINS)}.",
    ),
    "KEEP_LOGS_DAYS": DAYS,
    "KEEP_LOG_MB": Declared(
        lambda: 1,
        _number(MOST_LOG_MB, least=1),
        f"must be a number of megabytes from 1 to {MOST_LOG_MB}.",
    ),
    "KEEP_RUNS_DAYS": DAYS,
    "KEEP_SECRETS_DAYS": DAYS,
    "NUM_PROXIES": Declared(
        _proxies, _number(MOST_PROXIES), f"must be a number from 0 to {MOST_PROXIES}."
    ),
    "PUBLIC_BASE_URL": Declared(
        lambda: "http://127.0.0.1:8000", _address, "must look like https://orchestrator.example.org"
    ),
    "RUNNER_BACKENDS": Declared(
        lambda: {
            "local": "runners.local.LocalBackend",
            "http": "runners.http.HttpBackend",
            "celery": "runners.celery.CeleryBackend",
        },
        _import_paths,
        "must be a dictionary of kinds, each with the import path of its backend.",
    ),
    "RUNS_DIR": Declared(lambda: setting("BASE_DIR") / "var" / "runs", _folder, FOLDER),
    "SECRETS_KEYS": Declared(list, _texts, "must be a list of keys: see docs/settings.md."),
    "STATEMENT_PIPELINE": Declared(lambda: True, _switch, "must be True or False."),
    "TASK_FUNCTION_MODULES": Declared(
        lambda: ["runners.functions"], _texts, "must be a list of names of modules."
    ),
}
"""All settings, by name."""
