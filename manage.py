#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys
from contextlib import suppress

from runners.shielding import shield_process


def main() -> None:
    """Run the command named on the command line."""
    shield_process()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as exc:
        message = "Django is not installed here: run `make setup`, then use .venv/bin/python."
        raise SystemExit(message) from exc
    from django.db import DatabaseError

    if sys.argv[1:2] == ["check"] and not any(word.startswith("--database") for word in sys.argv):
        sys.argv += ["--database", "default"]  # what is stored is checked, too
    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as exc:
        if "migrate" not in sys.argv and (missing := _missing_migrations()):
            raise SystemExit(f"{str(exc).splitlines()[0]}. {missing}") from exc
        raise


def _missing_migrations() -> str:
    from django.db import DatabaseError

    from workflows.db.missing_migrations import missing_migrations

    with suppress(DatabaseError):  # it cannot be reached, for example
        return missing_migrations()
    return ""


if __name__ == "__main__":
    main()
