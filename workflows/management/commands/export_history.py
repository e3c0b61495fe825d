"""Export the history as JSON lines."""

from argparse import ArgumentParser, ArgumentTypeError
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from workflows.exports.files import append_history
from workflows.exports.history import EXPORTS, read_history
from workflows.management.arguments import positive
from workflows.management.base import DatabaseCommand
from workflows.management.commands.export_workflow import OUTPUT_WANTED
from workflows.management.output import discard_output
from workflows.runs.locks import LARGEST_ID


class Command(DatabaseCommand):
    """`manage.py export_history events|runs [--after CURSOR] [--limit N] [--output FILE]`."""

    help = (
        "Print every event, or how each run has ended, as one JSON object per line, the oldest "
        "first. Each has a cursor, and --after goes on behind it: nothing is missing, and nothing "
        "comes twice, whenever an export is stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("what", choices=EXPORTS, help="Which lines.")
        parser.add_argument(
            "--after",
            metavar="CURSOR",
            type=cursor,
            default=0,
            help="The cursor of the last line that you have; default: from the beginning.",
        )
        parser.add_argument("--limit", metavar="N", type=positive, help="So many; default: all.")
        parser.add_argument(
            "--output",
            metavar="FILE",
            type=Path,
            help="Append to this file; if it has lines, what comes after the last whole one.",
        )

    def handle(
        self, *, what: str, after: int, limit: int | None, output: Path | None, **options: Any
    ) -> None:
        """Print the lines, then on the standard error where they end."""
        write = partial(_append, path=output) if output else self._print
        try:
            lines, last = write(what, after=after, limit=limit)
        except BrokenPipeError:
            discard_output()
        else:
            if options["verbosity"]:
                self.stderr.write(f"{lines} lines; cursor: {last}", style_func=str)

    def _print(self, what: str, *, after: int, limit: int | None) -> tuple[int, int]:
        lines = 0
        for batch in read_history(what, after, limit=limit):
            self.stdout.write(batch.text, ending="")
            self.stdout.flush()
            lines, after = lines + batch.lines, batch.cursor
        return lines, after


def _append(what: str, *, path: Path, after: int, limit: int | None) -> tuple[int, int]:
    try:
        return append_history(what, path, after=after, limit=limit)
    except OSError as exc:
        why = f"{exc.strerror}; {OUTPUT_WANTED}"
        raise CommandError(f"{path} cannot be written: {why}") from exc


def cursor(text: str) -> int:
    """
    Read the cursor of an exported line.

    :raises ArgumentTypeError: if it is anything else.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LARGEST_ID):
        raise ArgumentTypeError(f"'{text[:40]}' is not the cursor of a line, a whole number")
    return int(text)
