"""Do one round of all periodic work."""

from typing import Any

from django.core.management.base import CommandError

from workflows import periodic
from workflows.db.refusals import is_refusal
from workflows.management.actor import command_actor
from workflows.management.base import TRY_AGAIN, DatabaseCommand, why_refused


class Command(DatabaseCommand):
    """`manage.py tick`."""

    help = (
        "Do one round of all periodic work: recover overdue attempts, end holds that are due, "
        "dispatch to free slots. For cron or a timer; every local runner and worker does the same "
        "in passing. If a part of it failed, the others are done all the same, and the exit code "
        "is 1, or 75 if the database has refused it: the next round does it."
    )

    def handle(self, **_: Any) -> None:
        """Do the round and print what was done."""
        result = periodic.run_all(by=command_actor())
        summary = ", ".join(f"{n} {what}" for what, n in sorted(result.done.items()) if n)
        self.stdout.write(f"Settled: {summary}." if summary else "Nothing is overdue.")
        if result.failures:
            failed = (f"{name} failed: {_why(exc)}" for name, exc in result.failures.items())
            is_refused = all(map(is_refusal, result.failures.values()))
            raise CommandError("; ".join(failed), returncode=TRY_AGAIN if is_refused else 1)


def _why(exc: Exception) -> str:
    return why_refused(exc) if is_refusal(exc) else repr(exc)
