"""
An executor without a database, as a program: executes one job, whose output it prints.

`python -m tests.support.one_job [--run-as USER] COMMAND…`, or `… tests.function` alone.
"""

import sys
from pathlib import Path

import django

from runners.jobs import FunctionJob, job_of
from runners.slots.account import Account, use_account
from runners.slots.pool import SlotPool, Source


def main(arguments: list[str]) -> None:
    """Execute the job, and print its output and how it ended."""
    django.setup()
    if arguments[0] == "--run-as":
        use_account(Account.named(arguments[1]))
        arguments = arguments[2:]
    is_function = arguments[0].startswith("tests.")
    command = job_of({"command": arguments}, base_dir=Path("/"), ids={})
    pool = SlotPool()
    slot = pool.begin("key", FunctionJob(arguments[0]) if is_function else command)
    ended, output = "", b""
    while not ended:
        for _, source in pool.wait(10):
            if source is Source.OUTPUT:
                if (read := slot.read_output()) is None:
                    pool.end_output(slot)
                output += read or b""
            elif source is Source.CONTROL:
                ended = f"{slot.answers('key')}"
    print((output + (slot.read_output() or b"")).decode(), ended)  # noqa: T201 (it is a program)


if __name__ == "__main__":
    main(sys.argv[1:])
