"""What functions usually do, and what leaves nothing behind in their process."""

import asyncio
import decimal
import hashlib
import logging
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from django.db import connection
from django.utils import timezone, translation

from runners.functions import task_function


def _use_files() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        file.write_text("text")
        file.read_text()


def _use_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(str, range(100)))
    thread = threading.Thread(target=random.random)
    thread.start()
    thread.join()


def _query() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _call_nobody() -> None:
    with suppress(OSError):
        urllib.request.urlopen("http://127.0.0.1:9/", timeout=1)


HARMLESS: dict[str, Callable[[], object]] = {
    "files": _use_files,
    "threads": _use_threads,
    "a query": _query,
    "a call over HTTP": _call_nobody,
    "a command": lambda: subprocess.run([sys.executable, "-c", "print(1)"], check=True),
    "a coroutine": lambda: asyncio.run(asyncio.sleep(0.01)),
    "a log": lambda: logging.getLogger("tests").warning("careful"),
    "a database of its own": lambda: sqlite3.connect(":memory:").close(),
    "a language": lambda: translation.activate("de"),
    "the time": timezone.localtime,
    "numbers": lambda: decimal.Decimal(1) / 3,
    "a digest": lambda: hashlib.sha256(b"text").hexdigest(),
}


@task_function("harmless.use")
def use(what: str) -> None:
    """Do something usual."""
    HARMLESS[what]()
