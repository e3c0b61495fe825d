"""The earlier name of `manage.py tick`."""

from workflows.management.commands import tick


class Command(tick.Command):
    """`manage.py rescue`."""

    help = (
        "Recover overdue attempts: submit those that were dispatched but never submitted, poll "
        "silent runners, fail lost attempts, repeat cancellations. Also end holds that are due "
        "and dispatch to free slots. Every dispatch and every local runner does the same regularly."
    )
