"""Starts a PgBouncer in transaction mode before the PostgreSQL of the tests."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests.support.database import database_url
from tests.support.redis import free_port

START_WITHIN_S = 20
PREPARED = (1, 21)
"""From this version on, it knows the prepared statements of its clients."""
CONFIG = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
logfile = {home}/log
{more}
"""


@contextmanager
def pooled() -> Iterator[str]:
    """Yield the DATABASE_URL of the test's own database, through few connections."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("PgBouncer is not installed")
    # Not pytest's directory, which another user cannot enter.
    directory = tempfile.TemporaryDirectory(prefix="pgbouncer-", ignore_cleanup_errors=True)
    with directory as home, _started(program, Path(home)) as url:
        yield url


@contextmanager
def _started(program: str, home: Path) -> Iterator[str]:
    has_statements = _version(program) >= PREPARED
    server = urlsplit(database_url())
    listen = free_port()
    host = server.hostname or parse_qs(server.query)["host"][0]
    text = CONFIG.format(
        host=host,
        port=server.port or 5432,
        user=server.username or "postgres",
        listen=listen,
        home=home,
        more="max_prepared_statements = 200" if has_statements else "",
    )
    (home / "pgbouncer.ini").write_text(text)
    name = server.path.lstrip("/")
    url = f"postgresql://{server.username}@127.0.0.1:{listen}/{name}"
    with _running([program, str(home / "pgbouncer.ini")], _user_for(home, host), url):
        url += "?DISABLE_SERVER_SIDE_CURSORS=True"
        yield url if has_statements else f"{url}&prepare_threshold=None"


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "-V"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2]))


def _user_for(home: Path, host: str) -> dict[str, Any]:
    """Hand the directory to the user of PostgreSQL: PgBouncer refuses to run as root."""
    if os.geteuid():
        return {}
    owner = Path(host).stat() if host.startswith("/") else home.parent.stat()
    user, group = (owner.st_uid, owner.st_gid) if owner.st_uid else (65_534, 65_534)
    os.chown(home, user, group)
    return {"user": user, "group": group, "extra_groups": []}


@contextmanager
def _running(command: list[str], user: dict[str, Any], url: str) -> Iterator[None]:
    with subprocess.Popen([*command, "-q"], cwd="/", **user) as process:
        try:
            _wait_until_answering(url, process)
            yield
        finally:
            process.kill()


def _wait_until_answering(url: str, process: "subprocess.Popen[bytes]") -> None:
    give_up_at = time.monotonic() + START_WITHIN_S
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("PgBouncer did not start")
