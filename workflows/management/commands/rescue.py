"""Recover overdue attempts."""

from typing import Any

from django.core.management.base import BaseCommand

from workflows.dispatch.auto_dispatch import offer_free_places
from workflows.management.actor import command_actor
from workflows.operations.holds import release_due
from workflows.reports.recovery import recover_overdue


class Command(BaseCommand):
    """`manage.py rescue`."""

    help = (
        "Recover overdue attempts: submit those that were dispatched but never submitted, poll "
        "silent runners, fail lost attempts, repeat cancellations. Also end holds that are due "
        "and dispatch to free slots. Every dispatch and every local runner does the same regularly."
    )

    def handle(self, **_: Any) -> None:
        """Recover once and print what was done."""
        by = command_actor()
        done = recover_overdue(by=by)
        done["released"] = release_due(by=by)
        done["dispatched"] = offer_free_places(by=by)
        summary = ", ".join(f"{n} {what}" for what, n in sorted(done.items()) if n)
        self.stdout.write(f"Settled: {summary}." if summary else "Nothing is overdue.")
