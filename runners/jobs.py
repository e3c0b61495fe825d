"""What an executor does for one attempt: a command, or a call of a function or a Django task."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runners.base import json_text
from runners.slots.account import present_account

# The only variables of its executor that a command gets: no secret, no database address.
ALLOWED_ENVIRONMENT = {
    "HOME",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TMPDIR",
    "TZ",
    "USER",
    "VIRTUAL_ENV",
}


ATTEMPT_ID = "ORCHESTRATOR_ATTEMPT_ID"
"""The variable with the id of the attempt."""
OWN_SETTINGS = {"CELERY_BROKER_URL", "DATABASE_URL", "SECRETS_KEYS", "SECRET_KEY"}
"""The variables with secrets of the installation: neither commands nor functions see them."""


class BadPayload(ValueError):
    """The payload cannot be executed; the message says what is missing or wrong."""


@dataclass(frozen=True, slots=True, repr=False)  # secrets are among its values
class CommandJob:
    """A program with its arguments; no shell is involved."""

    arguments: list[str]
    cwd: str
    environment: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it for `job_from`, in another process."""
        return {"arguments": self.arguments, "cwd": self.cwd, "environment": self.environment}


@dataclass(frozen=True, slots=True, repr=False)  # secrets are among its values
class FunctionJob:
    """A registered function with its keyword arguments."""

    name: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it for `job_from`, in another process."""
        return {"name": self.name, "kwargs": self.kwargs, "environment": self.environment}


@dataclass(frozen=True, slots=True, repr=False)  # secrets are among its values
class TaskJob:
    """A task of Django with its arguments."""

    path: str
    args: list[Any]
    kwargs: dict[str, Any]
    environment: dict[str, str]
    number: int
    """Of the attempt."""

    def as_json(self) -> dict[str, Any]:
        """Return it for `job_from`, in another process."""
        return {name: getattr(self, name) for name in self.__slots__}


Job = CommandJob | FunctionJob | TaskJob
WORK = ("command", "python", "task")
"""The keys of a payload that say what is done; it holds one of them."""
NO_WORK = (
    "payload needs a 'command' (a list of texts), a 'python' function's name or the path of a "
    "Django 'task'"
)


def job_from(data: dict[str, Any]) -> Job:
    """Return the job that another process has described with `as_json`."""
    if "path" in data:
        return TaskJob(**data)
    return CommandJob(**data) if "arguments" in data else FunctionJob(**data)


def job_of(
    payload: dict[str, Any],
    *,
    base_dir: Path,
    ids: dict[str, str],
    secret_names: Iterable[str] = (),
    number: int = 1,
) -> Job:
    """
    Return the job that a payload describes.

    Arguments and variables are texts: other values, which {{ }} makes, are spelled as in JSON.

    :param base_dir: relative working directories start here.
    :param ids: further variables of the environment of a command or a function.
    :param secret_names: variables of the executor's environment that a command gets, if set.
    :param number: that of the attempt, for tasks that ask for it.
    :raises BadPayload: saying what is missing or wrong.
    """
    _check_work(payload)
    match payload:
        case {"command": [_, *_] as arguments}:
            inherited = _inherited_environment({*ALLOWED_ENVIRONMENT, *secret_names})
            return CommandJob(
                [json_text(argument) for argument in arguments],
                str(base_dir / json_text(payload.get("cwd"))),
                inherited | _extra_environment(payload.get("env", {})) | ids,
            )
        case {"python": str(name)}:
            return FunctionJob(name, _checked_object("kwargs", payload.get("kwargs", {})), ids)
        case {"task": str(path)}:
            args = _checked_list("args", payload.get("args", []))
            kwargs = _checked_object("kwargs", payload.get("kwargs", {}))
            return TaskJob(path, args, kwargs, ids, number)
    raise BadPayload(NO_WORK)


def _check_work(payload: dict[str, Any]) -> None:
    if len(work := [key for key in WORK if key in payload]) > 1:
        raise BadPayload(f"payload holds both '{work[0]}' and '{work[1]}'; keep one")


def _checked_list(field_name: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise BadPayload(f"payload: {field_name}: {value!r} is not a list")
    return value


def _checked_object(field_name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadPayload(f"payload: {field_name}: {value!r} is not an object")
    return value


def _extra_environment(value: object) -> dict[str, str]:
    values = _checked_object("env", value)
    return {name: json_text(child) for name, child in values.items()}


def _inherited_environment(allowed: set[str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in allowed or name.startswith("LC_")
    }
    if account := present_account():
        kept |= account.environment
    # `python` means the interpreter of this installation.
    own = str(Path(sys.executable).parent)
    return {**kept, "PATH": os.pathsep.join([own, kept.get("PATH", os.defpath)])}
