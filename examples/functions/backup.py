"""The steps of backup.yaml: this installation's own database, copied, verified, restored."""

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
def snapshot(directory: str = "var/backups") -> Result:
    """Copy the database as it is at one moment, while others go on writing, into a new folder."""
    begun = time.monotonic()
    folder = folders.make_folder(settings.BASE_DIR / directory)
    print(f"Copying {connection.vendor} database {_engine(connection.vendor).database()}")
    taken = _engine(connection.vendor).take(folder)
    folders.complete(folder, {"engine": connection.vendor, **taken})
    rows = sum(table["rows"] for table in taken["tables"].values())
    print(f"{rows:,} rows of {len(taken['tables'])} tables are in {folder}")
    return {
        "folder": str(folder),
        "engine": connection.vendor,
        "tables": len(taken["tables"]),
        "rows": rows,
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "seconds": _since(begun),
    }


@task_function("backup.check_integrity")
def check_integrity(folder: str) -> Result:
    """Let the copy be checked by whoever knows its format."""
    manifest = folders.manifest_of(Path(folder))
    found = _engine(manifest["engine"]).check_integrity(Path(folder), manifest)
    print(found)
    return {"found": found}


@task_function("backup.count_rows")
def count_rows(folder: str) -> Result:
    """Count the rows of the copy, table by table, against those of the database at that moment."""
    manifest = folders.manifest_of(Path(folder))
    counts = _engine(manifest["engine"]).count_rows(Path(folder), manifest)
    taken = {table: about["rows"] for table, about in manifest["tables"].items()}
    _refuse_differences("the copy", counts, taken)
    print(f"{sum(counts.values()):,} rows, as many in each table as were in the database")
    return {"rows": sum(counts.values()), "tables": counts}


@task_function("backup.check_checksums")
def check_checksums(folder: str) -> Result:
    """Read every file again and compare its checksum with the one written when it was taken."""
    found = folders.check_checksums(Path(folder))
    print(*(f"{digest}  {name}" for name, digest in found.items()), sep="\n")
    return {"files": len(found)}


@task_function("backup.restore")
def restore(folder: str) -> Result:
    """Make a second database of the copy, in a scratch place."""
    begun = time.monotonic()
    manifest = folders.manifest_of(Path(folder))
    scratch = _engine(manifest["engine"]).restore(Path(folder), manifest)
    print(f"Restored to {scratch}")
    return {"scratch": scratch, "seconds": _since(begun)}


@task_function("backup.compare")
def compare(folder: str, scratch: str) -> Result:
    """Compare the restored database with the copy, value by value, and remove it."""
    manifest = folders.manifest_of(Path(folder))
    engine = _engine(manifest["engine"])
    try:
        rows = engine.compare(Path(folder), manifest, scratch)
    finally:
        engine.discard(scratch)
    taken = {table: about["rows"] for table, about in manifest["tables"].items()}
    _refuse_differences(scratch, rows, taken)
    folders.write_json(Path(folder) / folders.VERIFIED, {"rows": sum(rows.values())})
    print(f"{sum(rows.values()):,} rows are the same; {scratch} is removed again")
    return {"rows": sum(rows.values()), "tables": rows}


@task_function("backup.prune")
def prune(folder: str, keep: int = 7) -> Result:
    """Remove what is older than the newest `keep` verified backups beside this one."""
    if not str(keep).isdecimal() or int(keep) < 1:
        raise ValueError(f"keep: {keep!r} is not a whole number of at least 1")
    removed = folders.prune(Path(folder).parent, keep=int(keep))
    print(f"Removed {len(removed)} older backups", *removed, sep="\n")
    return {"keep": int(keep), "removed": removed}


@task_function("backup.report")
def report(folder: str, **found: Result) -> Result:
    """Write down what was found, for people (report.md) and for programs (report.json)."""
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


def _refuse_differences(where: str, found: dict[str, int], taken: dict[str, int]) -> None:
    if differing := {table for table, _ in found.items() ^ taken.items()}:
        said = [f"{table} ({found.get(table)}, not {taken.get(table)})" for table in differing]
        raise DamagedError(f"{where} has another number of rows in: {', '.join(sorted(said))}")


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)
