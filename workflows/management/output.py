"""Prints for people who may have gone: that never ends the work."""

import os
import sys
from typing import TextIO

from django.core.management.base import OutputWrapper


def say(stream: OutputWrapper | TextIO, text: str) -> None:
    """Print a line at once; if the reader has closed the pipe or the terminal, print nothing."""
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        discard_output()


def discard_output() -> None:
    """Send what is still printed nowhere: at its exit, Python would fail to write the rest."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.__stdout__.fileno() if sys.__stdout__ else 1)
    os.close(nothing)
