"""A PostgreSQL with a standby, both of the tests' own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.management.conftest import wait_for
from tests.support import postgres

NEEDED = ("initdb", "pg_ctl", "pg_basebackup")


class Pair:
    """A primary and its standby."""

    def __init__(self, programs: Path, home: Path) -> None:
        """Start both; the standby has what the primary has committed."""
        self._programs, self._home = programs, home
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._user = postgres._unprivileged_user(home)
        self._run("initdb", "-D", self._data("a"), *postgres_options())
        self._start("a")
        self._run("pg_basebackup", "-D", self._data("b"), "-R", "-h", self._socket("a"), *USER)
        self._start("b")
        with self.connect("a") as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")

    @property
    def url(self) -> str:
        """The address of whichever of the two may be written."""
        hosts = f"{self._socket('a')},{self._socket('b')}"
        return f"postgresql://postgres@/postgres?host={hosts}&target_session_attrs=read-write"

    def connect(self, name: str) -> "psycopg.Connection[Any]":
        """Connect to one of the two."""
        return psycopg.connect(f"host={self._socket(name)} user=postgres", autocommit=True)

    def fail_over(self) -> None:
        """Kill the primary and promote the standby."""
        self._run("pg_ctl", "-D", self._data("a"), "stop", "-m", "immediate")
        with self.connect("b") as connection:
            connection.execute("SELECT pg_promote()")

    def stop(self) -> None:
        """Stop what still runs."""
        for name in "ab":
            with suppress(subprocess.CalledProcessError):
                self._run("pg_ctl", "-D", self._data(name), "stop", "-m", "immediate")

    def _start(self, name: str) -> None:
        Path(self._socket(name)).mkdir()
        if self._user:
            os.chown(self._socket(name), self._user["user"], self._user["group"])
        options = f"-k {self._socket(name)} -h '' -c fsync=off -c hot_standby=on"
        log = f"{self._home}/{name}.log"
        self._run("pg_ctl", "-D", self._data(name), "-w", "-l", log, "-o", options, "start")

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = [str(self._programs / program), *arguments]
        # Not captured: the servers that it starts would keep the pipe open.
        nothing = subprocess.DEVNULL
        subprocess.check_call(command, cwd=self._home, stdout=nothing, stderr=nothing, **self._user)

    def _data(self, name: str) -> str:
        return str(self._home / f"data-{name}")

    def _socket(self, name: str) -> str:
        return str(self._home / name)


USER = ("-U", "postgres")


def postgres_options() -> list[str]:
    """Return the options with which a database of the tests is made."""
    return [*USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]


@contextmanager
def primary_and_standby() -> Iterator[Pair]:
    """Run a primary with a synchronous standby."""
    programs = postgres._programs()
    if programs is None or not all(shutil.which(name, path=str(programs)) for name in NEEDED):
        pytest.skip("PostgreSQL's own programs are not installed")
    with tempfile.TemporaryDirectory(
        prefix="pair-", dir="/tmp", ignore_cleanup_errors=True
    ) as home:
        pair = Pair(programs, Path(home))
        try:
            wait_for(lambda: _is_streaming(pair))
            yield pair
        finally:
            pair.stop()


def _is_streaming(pair: Pair) -> bool:
    with pair.connect("a") as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        )
        return bool(found.fetchall()[0][0])
