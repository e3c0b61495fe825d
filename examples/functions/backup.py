"""The functions of backup.yaml: copy, verify and restore this installation's own database."""

import time
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import connection

from examples.functions import folders, postgresql, sqlite
from examples.functions.backup_report import markdown
from examples.functions.folders import DamagedError
from runners.functions import task_function

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}

Result = dict[str, Any]


@task_function("backup.snapshot")
@folders.private_files()
def snapshot(directory: str = "var/backups") -> Result:
    """Copy the database at one moment, while others keep writing to it, into a new folder."""
    started = time.monotonic()
    folder = folders.make_folder(settings.BASE_DIR / directory)
    print(f"Copying {connection.vendor} database {_engine(connection.vendor).database()}")
    copied = _engine(connection.vendor).take(folder)
    folders.write_manifest(folder, {"engine": connection.vendor, **copied})
    rows = sum(table["rows"] for table in copied["tables"].values())
    print(f"{rows:,} rows of {len(copied['tables'])} tables are in {folder}")
    return {
        "folder": str(folder),
        "engine": connection.vendor,
        "tables": len(copied["tables"]),
        "rows": rows,
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "seconds": _seconds_since(started),
    }


@task_function("backup.check_integrity")
def check_integrity(folder: str) -> Result:
    """Check the format of the copy with the tools of its database."""
    manifest = folders.manifest_of(Path(folder))
    found = _engine(manifest["engine"]).check_integrity(Path(folder), manifest)
    print(found)
    return {"found": found}


@task_function("backup.count_rows")
def count_rows(folder: str) -> Result:
    """Compare the rows of each table of the copy with those of the database at that moment."""
    manifest = folders.manifest_of(Path(folder))
    counts = _engine(manifest["engine"]).count_rows(Path(folder), manifest)
    expected = {table: about["rows"] for table, about in manifest["tables"].items()}
    _check_row_counts("the copy", counts, expected)
    print(f"{sum(counts.values()):,} rows, the same in each table as in the database")
    return {"rows": sum(counts.values()), "tables": counts}


@task_function("backup.check_checksums")
def check_checksums(folder: str) -> Result:
    """Read every file again and compare its checksum with the one stored with the copy."""
    found = folders.verify_checksums(Path(folder))
    print(*(f"{digest}  {name}" for name, digest in found.items()), sep="\n")
    return {"files": len(found)}


@task_function("backup.restore")
@folders.private_files()
def restore(folder: str) -> Result:
    """Restore the copy to a scratch database."""
    started = time.monotonic()
    manifest = folders.manifest_of(Path(folder))
    scratch = _engine(manifest["engine"]).restore(Path(folder), manifest)
    print(f"Restored to {scratch}")
    return {"scratch": scratch, "seconds": _seconds_since(started)}


@task_function("backup.compare")
@folders.private_files()
def compare(folder: str, scratch: str) -> Result:
    """Compare the restored database with the copy, value by value, and remove it."""
    manifest = folders.manifest_of(Path(folder))
    engine = _engine(manifest["engine"])
    try:
        rows = engine.compare(Path(folder), manifest, scratch)
    finally:
        engine.discard(scratch)
    expected = {table: about["rows"] for table, about in manifest["tables"].items()}
    _check_row_counts(scratch, rows, expected)
    folders.write_json(Path(folder) / folders.VERIFIED, {"rows": sum(rows.values())})
    print(f"{sum(rows.values()):,} rows are the same; {scratch} is removed")
    return {"rows": sum(rows.values()), "tables": rows}


@task_function("backup.prune")
def prune(folder: str, keep: int = 7) -> Result:
    """Remove all backups beside this one that are older than the newest `keep` verified ones."""
    if not str(keep).isdecimal() or int(keep) < 1:
        raise ValueError(f"keep: {keep!r} is not a whole number of at least 1")
    removed = folders.remove_old_backups(Path(folder).parent, keep=int(keep))
    print(f"Removed {len(removed)} older backups", *removed, sep="\n")
    return {"keep": int(keep), "removed": removed}


@task_function("backup.report")
@folders.private_files()
def write_backup_report(folder: str, **found: Result) -> Result:
    """Write the report for people (report.md) and for programs (report.json)."""
    manifest = folders.manifest_of(Path(folder))
    engine = _engine(manifest["engine"])
    numbers = {"folder": folder, "database": engine.database(), **found}
    path = Path(folder) / "report.md"
    path.write_text(markdown(numbers, engine.COVERS, engine.HOW_TO_RESTORE), encoding="utf-8")
    folders.write_json(path.with_suffix(".json"), numbers)
    print(f"Report: {path}")
    return {"path": str(path), "numbers": str(path.with_suffix(".json"))}


def _engine(name: str) -> ModuleType:
    return ENGINES[name]


def _check_row_counts(where: str, found: dict[str, int], expected: dict[str, int]) -> None:
    if differing := {table for table, _ in found.items() ^ expected.items()}:
        counts = [f"{table} ({found.get(table)}, not {expected.get(table)})" for table in differing]
        raise DamagedError(
            f"{where} has a different number of rows in: {', '.join(sorted(counts))}"
        )


def _seconds_since(started: float) -> float:
    return round(time.monotonic() - started, 3)
