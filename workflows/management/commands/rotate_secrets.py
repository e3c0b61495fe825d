"""Encrypt all stored secrets with the first of SECRETS_KEYS."""

from argparse import ArgumentParser
from itertools import chain
from typing import Any

from django.core.management.base import CommandError

from runners.encryption import WRONG_KEYS, malformed_keys
from workflows.management.base import DatabaseCommand
from workflows.payloads.rotation import rotate_runners, rotate_runs


class Command(DatabaseCommand):
    """`manage.py rotate_secrets [--forget]`."""

    help = (
        "Encrypt the secret parameters of all runs and the credentials of all runners with the "
        "first of SECRETS_KEYS. It can be interrupted and repeated. Exit code 1 if any cannot be "
        "read with the present keys: as long as it is not 0, keep all keys."
    )
    # The keys of these checks are what is being changed.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the option."""
        parser.add_argument(
            "--forget",
            action="store_true",
            help=(
                "Give up secret parameters whose key is lost: tasks that need them fail, and "
                "manage.py check no longer names them. Enter credentials of runners again instead."
            ),
        )

    def handle(self, *, forget: bool, **_: Any) -> None:
        """Encrypt everything, and name what cannot be read."""
        if malformed_keys():
            raise CommandError(WRONG_KEYS)
        encrypted, unreadable = 0, 0
        for each in chain(rotate_runners(), rotate_runs(forget=forget)):
            encrypted += each.is_changed
            if each.unreadable:
                unreadable += 1
                names = ", ".join(each.unreadable)
                self.stderr.write(f"{each.owner}: cannot be read with these keys: {names}")
        self.stdout.write(f"Encrypted with the first key: {encrypted} runs and runners.")
        if unreadable and not forget:
            raise CommandError(f"{unreadable} runs and runners cannot be read; keep all keys.")
