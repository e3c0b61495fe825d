"""Calls manage.py of a project with settings of its own."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.support.commands import ROOT, manage_in

__all__ = ["ROOT", "manage_with"]


def manage_with(settings: str, folder: Path, database: str) -> Callable[..., str]:
    """Return what calls a command with settings that lie in a folder, and returns its output."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_URL": f"sqlite:///{folder}/{database}",
    }

    def manage(*arguments: str) -> str:
        done = manage_in(environment, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return manage
