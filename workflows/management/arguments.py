"""Types of command-line arguments, and options that several commands have."""

import math
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime

from django.core.management.base import CommandError
from django.utils.timezone import make_aware

from runners.slots.account import Account, RunAsRefused, use_account

MOST = 1_000_000
"""The largest number that is a count."""


def positive(text: str) -> int:
    """
    Read a whole number of at least 1.

    :raises ArgumentTypeError: if it is anything else.
    """
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def count(text: str) -> int:
    """
    Read how many of something.

    :raises ArgumentTypeError: if it is not a whole number from 1 to a million.
    """
    if (found := positive(text)) > MOST:
        raise ArgumentTypeError(f"'{text[:40]}' is too large: at most {MOST}")
    return found


def seconds(text: str) -> float:
    """
    Read a number of seconds.

    :raises ArgumentTypeError: if it is anything else.
    """
    try:
        found = float(text)
    except ValueError:
        found = -1
    if not 0 <= found < math.inf:
        raise ArgumentTypeError(f"'{text}' is not a number of seconds, 0 or more")
    return found


def moment(text: str) -> datetime:
    """
    Read a day, which is its beginning, or a moment, in the time zone of the site.

    :raises ArgumentTypeError: if it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else make_aware(found)
    except (ValueError, OverflowError):
        wanted = "a day such as 2026-11-30, or a moment such as 2026-11-30T18:00+01:00"
        raise ArgumentTypeError(f"'{text[:40]}' is not {wanted}") from None


def label(text: str) -> tuple[str, str]:
    """
    Read `KEY=VALUE`.

    :raises ArgumentTypeError: if it is none; the operation says what else is wrong.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"'{text}' is not KEY=VALUE")
    return key, value


def add_run_as(parser: ArgumentParser) -> None:
    """Declare the option --run-as."""
    parser.add_argument(
        "--run-as",
        metavar="USER[:GROUP]",
        help="Execute commands and functions as this user; needs root. See docs/runners.md.",
    )


def run_as(user: str | None) -> None:
    """
    Execute what slots execute as this user, if one is given.

    :raises CommandError: if that is not possible.
    """
    try:
        if user is not None:
            use_account(Account.named(user))
    except RunAsRefused as exc:
        raise CommandError(f"--run-as {user}: {exc}") from exc
