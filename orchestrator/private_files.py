"""The files of an installation that only its own user may read: the database and the secret key."""

import logging
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import WARNING, CheckMessage

OTHERS = 0o077
"""The permissions of everybody but the owner."""
BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps beside the file of a database, with the permissions of that."""
READABLE = "Other users of this machine can read what holds secrets: {}."

logger = logging.getLogger(__name__)


class PrivateConnection(sqlite3.Connection):
    """A connection that makes a new database file readable by its owner only, from the start."""

    def __init__(self, database: Any, *args: Any, **kwargs: Any) -> None:
        """Connect; what is no file is left to SQLite."""
        path = os.fsdecode(database)
        if path and not path.startswith((":memory:", "file:")):
            with suppress(OSError):  # it exists, or SQLite will say what is wrong
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        super().__init__(database, *args, **kwargs)


def create_once(path: Path, text: str) -> bool:
    """Create a private file with its whole content at once; return False if it exists."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        os.link(name, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(name)
    return True


def check_private_files(app_configs: object = None, **_: Any) -> list[CheckMessage]:
    """Name the files that group or others can read."""
    readable = [str(path) for path in _private_files() if _is_readable_by_others(path)]
    if not readable:
        return []
    text, hint = READABLE.format(", ".join(readable)), f"chmod 600 {' '.join(readable)}"
    return [CheckMessage(WARNING, text, hint=hint, id="files.W001")]


def log_readable_files() -> None:
    """Log what `manage.py` would warn of: a web server makes no checks."""
    for warning in check_private_files():
        logger.warning("%s Remedy: %s", warning.msg, warning.hint)


def _is_readable_by_others(path: Path) -> bool:
    with suppress(OSError):
        return bool(path.stat().st_mode & OTHERS)
    return False


def _private_files() -> Iterator[Path]:
    yield settings.BASE_DIR / ".secret_key"
    for database in settings.DATABASES.values():
        if database["ENGINE"].endswith("sqlite3"):
            yield from (Path(f"{database['NAME']}{end}") for end in BESIDE)
