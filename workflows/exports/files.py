"""
Files of exported lines that grow: the last whole line of one says where to go on.

So there is no cursor beside it that could be of another moment. Whoever kills an export, whenever
that is, leaves at most a part of a line, which the next one cuts off and writes again.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from workflows.errors import Conflict
from workflows.exports.history import EXPORTS, read_history

BLOCK = 64 * 2**10
PRIVATE = 0o600


def append_history(
    name: str, path: Path, *, after: int = 0, limit: int | None = None
) -> tuple[int, int]:
    """
    Append what is missing to a file, or to a new one; return how many lines, and the cursor.

    :param after: the cursor with which a file begins that has no line yet.
    """
    lines = 0
    with _opened(path) as file:
        cursor = _cursor_of(_cut(file), name, path) or after
        for batch in read_history(name, cursor, limit=limit):
            file.write(batch.text.encode())
            lines, cursor = lines + batch.lines, batch.cursor
    return lines, cursor


def last_cursor(name: str, path: Path) -> int | None:
    """Return the cursor of the last whole line of a file; cut off what stands behind it."""
    with _opened(path) as file:
        return _cursor_of(_cut(file), name, path)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to which nobody else appends meanwhile; it is on the disk when this ends."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, PRIVATE), "ab+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"another export writes to {path} at the moment") from None
        yield file
        file.flush()
        os.fsync(file.fileno())


def _cut(file: IO[bytes]) -> bytes:
    """Cut off a line without an end; return the last one that has its end."""
    size = file.seek(0, os.SEEK_END)
    read, tail = 0, b""
    while read < size and tail.count(b"\n") < 2:
        read = min(size, max(BLOCK, 2 * read))
        file.seek(size - read)
        tail = file.read(read)
    whole = tail.rpartition(b"\n")[0]
    unfinished = len(tail) - tail.rfind(b"\n") - 1
    file.truncate(size - unfinished)
    return whole.rpartition(b"\n")[2]


def _cursor_of(line: bytes, name: str, path: Path) -> int | None:
    """
    Return the cursor of a line, None if there is none.

    :raises Conflict: if it is no line of this history.
    """
    if not line:
        return None
    try:
        found: Any = json.loads(line)
        _, cursor = found[EXPORTS[name].mark], int(found["cursor"])
    except (KeyError, TypeError, ValueError):
        text = f"the last line of {path} is not from an export of {name}; name another file"
        raise Conflict(text) from None
    return cursor
