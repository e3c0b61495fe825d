"""Settle what is overdue."""

from typing import Any

from django.core.management.base import BaseCommand

from workflows.dispatch.auto_dispatch import offer_free_places
from workflows.management.actor import command_actor
from workflows.operations.holds import release_due
from workflows.reports.recovery import recover_overdue


class Command(BaseCommand):
    """`manage.py rescue`."""

    help = (
        "Settle what is overdue: submit what was dispatched and never submitted, ask runners that "
        "have been silent, fail what is lost, repeat cancels, end holds whose time is over, "
        "fill places that were left free. Every dispatch and every serving local runner "
        "does the same in passing."
    )

    def handle(self, **_: Any) -> None:
        """Look once."""
        by = command_actor()
        done = recover_overdue(by=by)
        done["released"] = release_due(by=by)
        done["dispatched"] = offer_free_places(by=by)
        told = ", ".join(f"{n} {what}" for what, n in sorted(done.items()) if n)
        self.stdout.write(f"Settled: {told}." if told else "Nothing is overdue.")
