"""Types of command-line arguments."""

from argparse import ArgumentTypeError


def positive(text: str) -> int:
    """
    Read a whole number of at least 1.

    :raises ArgumentTypeError: if it is anything else.
    """
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)
