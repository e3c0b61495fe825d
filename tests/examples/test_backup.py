"""The backup example, step by step, on the database of the tests."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from examples.functions import backup, folders
from examples.functions.folders import DamagedError
from tests.factories import RunFactory, UserFactory
from workflows.models import Event, WorkflowRun

CHECKS: list[Callable[[str], Any]] = [
    backup.check_integrity,
    backup.count_rows,
    backup.check_checksums,
]


def largest_file(folder: Path) -> Path:
    """Return the largest file of the copy."""
    return max(folder.iterdir(), key=lambda path: path.stat().st_size)


def is_there(scratch: str) -> bool:
    """Return True if a restored database still exists."""
    if connection.vendor == "sqlite":
        return Path(scratch).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [scratch])
        return cursor.fetchone() is not None


def test_a_copy_passes_every_check(folder: Path) -> None:
    for check in CHECKS:
        check(str(folder))
    counts = backup.count_rows(str(folder))["tables"]
    assert counts["auth_user"] == 50
    assert counts["workflows_event"] == Event.objects.count()


def test_copy_is_restored_compared_and_discarded(folder: Path) -> None:
    scratch = backup.restore(str(folder))["scratch"]
    assert is_there(scratch)
    compared = backup.compare(str(folder), scratch)
    assert compared["tables"] == backup.count_rows(str(folder))["tables"]
    assert compared["rows"] > 100
    assert not is_there(scratch)


def test_restoring_twice_is_harmless(folder: Path) -> None:
    backup.restore(str(folder))
    backup.compare(str(folder), backup.restore(str(folder))["scratch"])


def test_copy_is_readable_by_its_owner_only(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700


def test_other_tools_can_verify_the_checksums(folder: Path) -> None:
    verified = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=folder, capture_output=True, check=False
    )
    assert verified.returncode == 0


def test_a_changed_byte_is_found(folder: Path) -> None:
    path = largest_file(folder)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=f"missing or changed.*: {path.name}"):
        backup.check_checksums(str(folder))


def test_a_missing_file_is_found(folder: Path) -> None:
    path = largest_file(folder)
    path.unlink()
    for check in CHECKS:
        with pytest.raises(DamagedError, match=path.name):
            check(str(folder))


def test_incomplete_copy_is_refused(folder: Path) -> None:
    (folder / folders.MANIFEST).unlink()
    for check in CHECKS[:2]:
        with pytest.raises(DamagedError, match="does not contain a complete backup"):
            check(str(folder))


def test_missing_row_is_found(folder: Path) -> None:
    manifest = folders.manifest_of(folder)
    manifest["tables"]["auth_user"]["rows"] += 1
    folders.write_json(folder / folders.MANIFEST, manifest)
    with pytest.raises(DamagedError, match=r"rows in: auth_user \(50, not 51\)"):
        backup.count_rows(str(folder))


def test_copy_is_consistent_while_others_write(rows: None, tmp_path: Path) -> None:
    with somebody_writes():
        for _ in range(20):
            folder = backup.snapshot(directory=str(tmp_path))["folder"]
            # Compares with what was counted in the database when the copy was taken.
            counts = backup.count_rows(folder)["tables"]
            # Each run comes with two tasks, in one transaction.
            assert counts["workflows_task"] == 2 * counts["workflows_workflowrun"]


@contextmanager
def somebody_writes() -> Iterator[None]:
    """Let another thread create runs until the block ends."""
    goes_on = True

    def write() -> None:
        try:
            while goes_on:
                RunFactory.create(template__name="meanwhile")
        finally:
            connection.close()

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        goes_on = False
        thread.join()
    assert WorkflowRun.objects.filter(template_name="meanwhile").exists()


def test_live_database_is_unchanged(folder: Path) -> None:
    UserFactory.create(username="later")
    backup.compare(str(folder), backup.restore(str(folder))["scratch"])
    assert User.objects.count() == 51


def test_report_contains_all_findings(folder: Path) -> None:
    where = str(folder)
    found = {
        "snapshot": {"rows": 7, "tables": 1, "bytes": 1234, "seconds": 0.1},
        "integrity": backup.check_integrity(where),
        "row_counts": backup.count_rows(where),
        "checksums": backup.check_checksums(where),
        "restore": (restored := backup.restore(where)),
        "compare": backup.compare(where, restored["scratch"]),
        "prune": backup.prune(where, keep=3),
    }
    result = backup.write_backup_report(where, **found)
    text = Path(result["path"]).read_text()
    assert "| `auth_user` | 50 | 50 |" in text
    assert "The newest 3 verified backups are kept.\nRemoved: none." in text
    assert where in text.partition("## How to restore it")[2]
    assert json.loads(Path(result["numbers"]).read_text())["compare"] == found["compare"]
