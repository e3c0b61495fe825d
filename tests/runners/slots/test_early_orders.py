"""An order to end a job that arrives before the job has begun is obeyed once it begins."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from runners.jobs import CommandJob, FunctionJob, Job
from runners.slots.pool import SlotPool, Source
from runners.slots.slot import Slot

WITHIN_S = 3.0
"""Less than the grace period, after which it would be killed."""
COMMAND = CommandJob(["sleep", "300"], "/")
FUNCTION = FunctionJob("tests.sleep", {"seconds": 300})


@pytest.fixture
def pool() -> Iterator[SlotPool]:
    """Return slots of this process, which end with the test."""
    pool = SlotPool()
    yield pool
    pool.close()


def exit_code_of(pool: SlotPool, slot: Slot, key: str) -> Any:
    """Return the exit code of a job, or of its slot if that ends first; None if neither does."""
    give_up_at = time.monotonic() + WITHIN_S
    while time.monotonic() < give_up_at:
        for _, source in pool.wait(0.1):
            if source is Source.CONTROL and slot.control.has_more():
                try:
                    for _, outcome in slot.answers(key):
                        return outcome["exit_code"]
                except EOFError:
                    pool.ignore(slot.control)
            elif source is Source.LEASH:
                return slot.leash.receive()[-1][1]["exit_code"]
            elif source is Source.OUTPUT:
                pool.end_output(slot)
    return None


@pytest.mark.parametrize("job", [COMMAND, FUNCTION], ids=["command", "function"])
def test_job_that_is_told_to_end_before_it_begins_ends_by_sigterm(pool: SlotPool, job: Job) -> None:
    slot = pool.begin("before", FunctionJob("noop"))
    exit_code_of(pool, slot, "before")
    pool.put_back(slot)
    os.kill(slot.pid, signal.SIGSTOP)
    assert pool.begin("key", job) is slot
    slot.terminate(is_function=job is FUNCTION)
    time.sleep(0.2)  # the fork server has obeyed, and has found nothing to end
    os.kill(slot.pid, signal.SIGCONT)
    exit_code = exit_code_of(pool, slot, "key")
    pool.discard(slot)
    assert exit_code == -signal.SIGTERM
