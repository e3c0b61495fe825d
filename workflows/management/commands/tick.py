"""Do one round of all periodic work."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows import periodic
from workflows.management.actor import command_actor


class Command(BaseCommand):
    """`manage.py tick`."""

    help = (
        "Do one round of all periodic work: recover overdue attempts, end holds that are due, "
        "dispatch to free slots. For cron or a timer; every local runner and worker does the same "
        "in passing. Exit code 1 if a part of it failed; the others are done all the same."
    )

    def handle(self, **_: Any) -> None:
        """Do the round and print what was done."""
        result = periodic.run_all(by=command_actor())
        summary = ", ".join(f"{n} {what}" for what, n in sorted(result.done.items()) if n)
        self.stdout.write(f"Settled: {summary}." if summary else "Nothing is overdue.")
        if result.failures:
            failed = (f"{name} failed: {exc!r}" for name, exc in result.failures.items())
            raise CommandError("; ".join(failed))
