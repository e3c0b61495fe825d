"""What an executor does for one attempt: a command, or a call of a registered function."""

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


Job = CommandJob | FunctionJob


def job_from(data: dict[str, Any]) -> Job:
    """Return the job that another process has described with `as_json`."""
    return CommandJob(**data) if "arguments" in data else FunctionJob(**data)


def job_of(
    payload: dict[str, Any],
    *,
    base_dir: Path,
    ids: dict[str, str],
    secret_names: Iterable[str] = (),
) -> Job:
    """
    Return the job that a payload describes.

    Arguments and variables are texts: other values, which {{ }} makes, are spelled as in JSON.

    :param base_dir: relative working directories start here.
    :param ids: further variables of the environment of a command or a function.
    :param secret_names: variables of the executor's environment that a command gets, if set.
    :raises BadPayload: saying what is missing or wrong.
    """
    match payload:
        case {"command": _, "python": _}:
            raise BadPayload("payload holds both 'command' and 'python'; keep one")
        case {"command": [_, *_] as arguments}:
            return CommandJob(
                [json_text(argument) for argument in arguments],
                str(base_dir / json_text(payload.get("cwd"))),
                _inherited_environment({*ALLOWED_ENVIRONMENT, *secret_names})
                | _extra_environment(payload.get("env", {}))
                | ids,
            )
        case {"python": str(name)}:
            return FunctionJob(name, _checked_object("kwargs", payload.get("kwargs", {})), ids)
    raise BadPayload("payload needs a 'command' (a list of texts) or a 'python' function's name")


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
