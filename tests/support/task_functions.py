"""Functions for payloads of tests; every process that executes tasks of a test loads them."""

import os
import sys
import time
from typing import Any

from runners.functions import task_function
from runners.jobs import OWN_SETTINGS


@task_function("tests.add")
def add(left: int, right: int) -> dict[str, int]:
    """Add."""
    print(f"adding {left} and {right}")  # noqa: T201 (looked for in the log)
    return {"sum": left + right}


@task_function("tests.fail")
def fail(text: str) -> None:
    """Raise."""
    raise ValueError(text)


@task_function("tests.exit")
def leave(code: int) -> None:
    """Exit as a script would."""
    sys.exit(code)


@task_function("tests.die")
def die() -> None:
    """End the process without a report."""
    os._exit(7)


@task_function("tests.sleep")
def sleep(seconds: float) -> None:
    """Take a while."""
    time.sleep(seconds)


@task_function("tests.own_settings")
def own_settings() -> dict[str, Any]:
    """Return which secrets of the installation a program would inherit, and who executes it."""
    names = sorted(OWN_SETTINGS & os.environ.keys())
    return {
        "names": names,
        "uid": os.geteuid(),
        "groups": os.getgroups(),
        "home": os.environ["HOME"],
    }


@task_function("tests.variable")
def variable(name: str) -> str | None:
    """Return a variable of the environment."""
    return os.environ.get(name)


@task_function("tests.pid")
def pid() -> int:
    """Return the id of the process that this is called in."""
    return os.getpid()


@task_function("tests.give")
def give(kind: str) -> Any:
    """Return something that cannot be stored as JSON."""
    return {
        "object": object(),
        "nan": float("nan"),
        "nul": "a\0b",
        "huge": "x" * 2_000_000,
    }[kind]


@task_function("tests.echo")
def echo(value: Any) -> Any:
    """Return what was given."""
    return value


@task_function("tests.say")
def say(text: str) -> None:
    """Print a text."""
    print(text)  # noqa: T201 (looked for in the log)


@task_function("tests.complain")
def complain(why: str) -> None:
    """Fail with a message; `<nul>` and `<half>` in it become `\\0` and `\\ud800`."""
    raise ValueError(why.replace("<nul>", "\0").replace("<half>", "\ud800"))
