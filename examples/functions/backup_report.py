"""The report of a backup, as Markdown."""

from collections.abc import Iterable, Iterator
from typing import Any


def markdown(numbers: dict[str, Any], covers: str, how_to_restore: str) -> str:
    """Return the report; `numbers` contains the result of each step by its name."""
    return "\n".join(_report_lines(numbers, covers, how_to_restore)) + "\n"


def _report_lines(numbers: dict[str, Any], covers: str, how_to_restore: str) -> Iterator[str]:
    snapshot, folder = numbers["snapshot"], numbers["folder"]
    yield f"# Backup of {numbers['database']}"
    yield ""
    yield f"{snapshot['rows']:,} rows of {snapshot['tables']} tables, {snapshot['bytes']:,} bytes,"
    yield f"copied in {snapshot['seconds']} s to `{folder}`."
    yield f"It covers {covers}."
    yield from _section("What was checked", _checks(numbers))
    yield from _section("Rows", _rows(numbers))
    yield from _section("How to restore it", [how_to_restore.format(**numbers)])
    removed = numbers["prune"]["removed"]
    kept = f"The newest {numbers['prune']['keep']} verified backups are kept."
    yield from _section("Older backups", [kept, f"Removed: {', '.join(removed) or 'none'}."])


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return ["", f"## {title}", "", *lines]


def _checks(numbers: dict[str, Any]) -> list[str]:
    return _table(
        ("check", "found"),
        [
            ("integrity", numbers["integrity"]["found"]),
            ("row counts", f"{numbers['row_counts']['rows']:,} rows, the same in every table"),
            ("checksums", f"{numbers['checksums']['files']} files are unchanged"),
            ("restore", f"took {numbers['restore']['seconds']} s"),
            ("restored rows", f"{numbers['compare']['rows']:,}, all the same"),
        ],
    )


def _rows(numbers: dict[str, Any]) -> list[str]:
    restored = numbers["compare"]["tables"]
    copied = numbers["row_counts"]["tables"]
    return _table(
        ("table", "copied", "restored"),
        [
            (f"`{table}`", f"{rows:,}", f"{restored[table]:,}")
            for table, rows in sorted(copied.items())
        ],
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in [head, *rows]]
    columns = lines[0].count("|") - 1
    return [lines[0], "|" + "---|" * columns, *lines[1:]]
