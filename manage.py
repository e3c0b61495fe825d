#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys
from contextlib import suppress

from runners.shielding import shield_process

NO_SETTINGS = (
    "Wrong setting: DJANGO_SETTINGS_MODULE must be a module written with dots, as in "
    "orchestrator.settings, that lies in the checkout or on PYTHONPATH."
)


def main() -> None:
    """Run the command named on the command line."""
    shield_process()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as exc:
        message = "Django is not installed here: run `make setup`, then use .venv/bin/python."
        raise SystemExit(message) from exc
    if sys.argv[1:2] == ["check"] and not any(word.startswith("--database") for word in sys.argv):
        sys.argv += ["--database", "default"]  # what is stored is checked, too
    from django.db import Error

    try:
        execute_from_command_line(sys.argv)
    except Error as exc:
        _refuse(exc)
        raise
    except ModuleNotFoundError as exc:
        if f"{os.environ['DJANGO_SETTINGS_MODULE']}.".startswith(f"{exc.name}."):
            raise SystemExit(NO_SETTINGS) from exc
        raise


def _refuse(exc: Exception) -> None:
    """End with one line if that says it all: migrations are missing, or no database answers."""
    from workflows.db.refusals import is_refusal
    from workflows.management.base import TRY_AGAIN, why_refused

    if "migrate" not in sys.argv and (missing := _missing_migrations()):
        raise SystemExit(f"{str(exc).splitlines()[0]}. {missing}") from exc
    if is_refusal(exc):
        sys.stderr.write(f"{why_refused(exc)}\n")
        raise SystemExit(TRY_AGAIN) from exc


def _missing_migrations() -> str:
    from django.db import DatabaseError

    from workflows.db.missing_migrations import missing_migrations

    with suppress(DatabaseError):  # it cannot be reached, for example
        return missing_migrations()
    return ""


if __name__ == "__main__":
    main()
