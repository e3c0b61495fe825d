"""Endless output fills neither the memory of the runner nor that of the site."""

import os
import re
from pathlib import Path

import httpx
import psutil
import pytest
from knox.models import AuthToken

from runners.conf import kept_log_head
from tests.contract.server import Installation, installation
from tests.factories import UserFactory
from tests.management.conftest import Started, wait_for
from tests.support.database import database_url
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, state, task
from workflows.models import WorkflowRun
from workflows.models.attempt import TAIL

MEGABYTES = int(os.environ.get("LOG_MEGABYTES", "60"))
MOST_GROWTH = 40
"""Megabytes: less than what is printed, but several times as much as the stored log."""

PRINTED = f"head -c {MEGABYTES}000000"


def peak_of(pid: int) -> float:
    """Return the peak memory of a process in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1000


def peak_of_site(site: Installation) -> float:
    """Return the peak memory of the web process in megabytes."""
    return max(peak_of(child.pid) for child in psutil.Process(site.pid).children())


def log_over_http(site: Installation, run: WorkflowRun) -> str:
    """Return the whole log of the run's only task, as the site serves it."""
    _, token = AuthToken.objects.create(UserFactory.create(is_superuser=True))
    url = f"{site.url}/tasks/{task(run, 'a').pk}/log"
    answer = httpx.get(url, headers={"Authorization": f"Token {token}"}, timeout=60).json()
    assert answer["length"] == len(answer["text"])
    return str(answer["text"])


@pytest.mark.parametrize(
    ("command", "beginning"),
    [(f"{PRINTED} /dev/zero | tr '\\0' x; echo end", "x"), (f"{PRINTED} /dev/urandom", "")],
    ids=["text", "random bytes"],
)
def test_endless_output_takes_constant_memory_and_a_truncated_log(
    started: Started, runs: DrawRun, command: str, beginning: str
) -> None:
    runner = started("local_runner")
    assert runner.stdout
    assert runner.stdout.readline()  # it serves
    with installation(database_url()) as site:
        log_over_http(site, runs("a"))
        before = {"runner": peak_of(runner.pid), "site": peak_of_site(site)}
        run = runs("a", payload={"command": ["sh", "-c", command]})
        dispatch_all(run)
        wait_for(lambda: state(run) == "success")
        log = log_over_http(site, run)
        after = {"runner": peak_of(runner.pid), "site": peak_of_site(site)}
    growth = {name: after[name] - before[name] for name in before}
    print(f"{MEGABYTES} MB printed; megabytes grown: {growth}")  # noqa: T201 (for who measures)
    assert max(growth.values()) < MOST_GROWTH, growth
    head, dropped, tail = re.split(r"\n\[… ([\d,]+) characters were cut here …\]\n", log)
    assert log.startswith(beginning)
    assert (len(head), len(tail)) == (kept_log_head(), TAIL)
    assert int(dropped.replace(",", "")) > MEGABYTES * 100_000
    assert attempt(run, "a").log_pieces.count() < 50
