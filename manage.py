#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as exc:
        message = "Django is not installed here: run `make setup`, then use .venv/bin/python."
        raise SystemExit(message) from exc
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
