"""What cannot be killed is named, after a while; nothing waits for it forever."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runners.slots.outcome import Outcome

FORK_SERVER = """
import json, os, signal, sys, time
from runners.slots import forked_slot
from runners.slots.channel import Channel
from runners.slots.forked_slot import ForkedSlot
from runners.slots.process_tree import become_subreaper
from runners.slots.reaper import Reaper

NOBODY = 65534
forked_slot.GIVE_UP_AFTER_S = 1
become_subreaper()
own, other = Channel.pair()
ready, said = os.pipe()
slot_pid = os.fork()
if slot_pid == 0:
    root = os.fork()
    if root == 0:
        os.closerange(0, 3)
        time.sleep(300)
    os.setuid(NOBODY)
    os.write(said, str(root).encode())
    time.sleep(300)
root = int(os.read(ready, 20))
os.setuid(NOBODY)
reaper = Reaper()
slot = ForkedSlot(slot_pid, own)
reaper.slots[slot_pid] = slot
slot.kill()
began = time.monotonic()
gone = []
while not gone:
    gone = list(reaper.end_overdue())
    time.sleep(0.01)
print(json.dumps([root, gone[0][1], time.monotonic() - began]))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to have a process of somebody else")
def test_process_of_another_user_is_named_after_a_while() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK_SERVER],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    root, remaining, seconds = json.loads(done.stdout)
    os.kill(root, 9)
    assert remaining == [root]
    assert 1 <= seconds < 3


def test_message_names_what_remains() -> None:
    outcome = Outcome(exit_code=-9, is_slot_dead=True, remaining=[12, 13])
    assert outcome.failure == ("killed by SIGKILL; processes that cannot be killed remain: 12, 13")
    assert Outcome(exit_code=0, remaining=[12]).failure == (
        "it ended; processes that cannot be killed remain: 12"
    )
