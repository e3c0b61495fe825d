"""Take both apps out of a project's database again."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from workflows.execution.run_directories import runs_dir
from workflows.groups import APPS
from workflows.management.base import DatabaseCommand
from workflows.management.uninstalling import (
    KNOX,
    Leftovers,
    databases,
    migrate_back,
    remove_leftovers,
    tables,
)

TAKE_OUT = "Take the lines of both apps out of settings and URLs before the next migrate."


class Command(DatabaseCommand):
    """`manage.py uninstall_workflows [--tokens] [--yes]`."""

    help = (
        "Name everything that both apps have put into the database; with --yes, remove it. "
        "Stop the executors first."
    )
    requires_system_checks = ()
    lock_s = None  # tables are dropped: it waits for as long as they are in use

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--yes", action="store_true", help="Remove it, with all runs.")
        parser.add_argument(
            "--tokens",
            action="store_true",
            help="Also the tables of knox, if nothing else in the project uses its tokens.",
        )

    def handle(self, *, yes: bool, tokens: bool, **_: Any) -> None:
        """Name what is removed, and remove it."""
        apps = (*APPS, *([KNOX] if tokens else []))
        verb = "removed" if yes else "would be removed"
        aliases = list(databases(apps))
        for alias in aliases:
            for table, rows in tables(alias, apps).items():
                self.stdout.write(f"{verb}: table {table} of database {alias}, {rows} rows")
        if yes:
            for alias in aliases:
                migrate_back(alias, apps)
        for line in _report(remove_leftovers(apps, dry_run=not yes), verb):
            self.stdout.write(line)
        self.stdout.write(f"stays: files of runs in {runs_dir()}, on each machine that executed")
        again = f"uninstall_workflows {'--tokens ' * tokens}--yes"
        self.stdout.write(TAKE_OUT if yes else f"Nothing was changed. To remove it: {again}")


def _report(found: Leftovers, verb: str) -> Iterator[str]:
    for group in found.groups:
        yield f"{verb}: group {group}"
    for model, rows in sorted(found.rows.items()):
        yield f"{verb}: {rows} of {model}"
    for group in found.kept_groups:
        yield f"stays: group {group}, which has other permissions than it began with"
