"""The function of audit_export.yaml: files of JSON lines, one for each day, that are continued."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from examples.functions.folders import private_files
from runners.functions import task_function
from workflows.exports.files import append_history, last_cursor


@task_function("audit.export")
@private_files()
def export(what: str, directory: str = "var/audit") -> dict[str, Any]:
    """Append the events or the ends of runs that are in no file yet to the file of today."""
    folder = settings.BASE_DIR / directory
    folder.mkdir(parents=True, exist_ok=True)
    newest = max(folder.glob(f"{what}-*.jsonl"), default=None)
    today = folder / f"{what}-{datetime.now(UTC):%Y-%m-%d}.jsonl"
    # The lines of an export that was killed come before the cursor, which is written at the end.
    # The cursor is all that is left once the files have been moved away.
    kept = folder / f"{what}.cursor"
    after = max(_read(kept), (newest and last_cursor(what, newest)) or 0)
    path = max(today, newest or today)  # also if the clock was set back
    lines, cursor = append_history(what, path, after=after)
    _write(kept, cursor)
    print(f"{lines:,} lines after cursor {after} are in {path}")
    return {"file": str(path), "lines": lines, "cursor": cursor}


def _read(kept: Path) -> int:
    return int(kept.read_text()) if kept.exists() else 0


def _write(kept: Path, cursor: int) -> None:
    """Replace the file as a whole, so that it is never read half written."""
    partial = kept.with_suffix(".partial")
    with partial.open("w") as file:
        file.write(f"{cursor}\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(kept)
