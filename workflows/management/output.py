"""Prints for people who may have gone: that never ends the work."""

import os
import sys
from typing import TextIO

from django.core.management.base import OutputWrapper

STREAMS = ((sys.__stdout__, 1), (sys.__stderr__, 2))


def say(stream: OutputWrapper | TextIO, text: str) -> None:
    """Print a line at once; if the reader has closed the pipe or the terminal, print nothing."""
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        discard_output()


def discard_output() -> None:
    """
    Send what is still printed nowhere: at its exit, Python would fail to write the rest.

    Errors, too, if they went to the same terminal.
    """
    output, errors = (stream.fileno() if stream else fd for stream, fd in STREAMS)
    gone = (output, errors) if os.path.sameopenfile(output, errors) else (output,)
    nothing = os.open(os.devnull, os.O_WRONLY)
    for each in gone:
        os.dup2(nothing, each)
    os.close(nothing)
