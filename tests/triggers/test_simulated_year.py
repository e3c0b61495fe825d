"""
Several processes tick through simulated time, and are killed: each moment gets one run or reason.

Long: `make prove-time`, a year and ten processes on both databases.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from tests.factories import ScheduleFactory, TemplateFactory
from tests.support.database import environment
from tests.triggers.ticker import AROUND_CHANGES, CRONS, DAYS, END, START, ZONES, expected
from workflow_triggers.models import Occurrence, Outcome, Schedule
from workflows.models import WorkflowRun

PROCESSES = int(os.environ.get("TICKERS", "3"))
SEED = int(os.environ.get("TIME_SEED", "7"))
KILL_EVERY_S = 6.0
MOST_KILLS = DAYS // 10
CATCH_UPS = ("none", "latest", "all")


@pytest.mark.slow
@pytest.mark.timeout(3_000)
@pytest.mark.django_db(transaction=True)
def test_each_moment_has_one_run_or_one_reason() -> None:
    template = TemplateFactory.create(drawing="only")
    for zone in ZONES:
        for number, cron in enumerate((*CRONS, AROUND_CHANGES)):
            catch_up = CATCH_UPS[(number + len(zone)) % 3]
            overlap = "cancel_running" if cron in CRONS else "skip"
            ScheduleFactory.create(
                template=template, cron=cron, zone=zone, overlap=overlap, catch_up=catch_up,
                now=START,
            )  # fmt: skip
    killed = tick_and_kill()
    outcomes: Counter[str] = Counter()
    for schedule in Schedule.objects.all():
        outcomes += check(schedule)
    print(f"seed {SEED}: {killed} kills, {dict(outcomes)}")  # noqa: T201 (the result of a long proof)
    assert outcomes[Outcome.RUN] > outcomes[Outcome.MISSED] > 0


def tick_and_kill() -> int:
    """Start the processes, kill one again and again, and wait until one has come to the end."""
    chance = random.Random(SEED)  # noqa: S311 (no secret)
    killed = 0
    with ExitStack() as stack:
        processes = [start(stack) for _ in range(PROCESSES)]
        next_kill = time.monotonic() + KILL_EVERY_S
        while any(process.poll() is None for process in processes):
            if time.monotonic() > next_kill and killed < MOST_KILLS:
                victim = chance.randrange(len(processes))
                if processes[victim].poll() is None:
                    processes[victim].kill()
                    processes[victim].wait()
                    killed += 1
                    processes[victim] = start(stack)
                next_kill = time.monotonic() + KILL_EVERY_S
            time.sleep(0.05)
        assert {process.returncode for process in processes} == {0}
    return killed


def start(stack: ExitStack) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.triggers.ticker", str(SEED)]
    env = environment(DJANGO_SETTINGS_MODULE="orchestrator.settings")
    process = subprocess.Popen(command, env=env)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def check(schedule: Schedule) -> Counter[str]:
    """Compare the occurrences of a schedule, and its runs, with the moments of its expression."""
    moments = expected(schedule.cron, schedule.zone)
    rows = list(Occurrence.objects.filter(schedule=schedule).order_by("moment"))
    told: list[datetime] = []
    for row in rows:
        last = row.last_moment or row.moment
        span = [each for each in moments if row.moment <= each <= last]
        assert len(span) == row.count, f"{schedule}: {row}"
        assert row.run_id or row.reason
        told += span
    assert told == moments, f"{schedule.cron} {schedule.zone}"
    runs = WorkflowRun.objects.filter(trigger__id=schedule.pk)
    made = sorted(datetime.fromisoformat(run.trigger["moment"]) for run in runs)
    assert made == [row.moment for row in rows if row.outcome == Outcome.RUN]
    assert sorted(run.pk for run in runs) == sorted(row.run_id for row in rows if row.run_id)
    return Counter(row.outcome for row in rows)


def test_the_simulation_covers_changes_of_clocks() -> None:
    berlin = expected("30 2 * * *", "Europe/Berlin")
    assert datetime(2026, 10, 25, 0, 30, tzinfo=UTC) in berlin
    assert sum(each.date() == datetime(2026, 10, 25, tzinfo=UTC).date() for each in berlin) == 1
    assert datetime(2026, 10, 26, tzinfo=UTC) < END
