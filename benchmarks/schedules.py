"""
How long many schedules that are due in the same second take: `python -m benchmarks.schedules`.

Beside them, in turn, the same runs are started by `start_run` alone, so that the ratio says what a
schedule adds. Works on the database of DATABASE_URL: take one that you can throw away.
"""

import argparse
import os
import statistics
import sys
import time
from datetime import timedelta
from typing import Any

import django
from django.utils import timezone

PAIRS = 5
NAME = "benchmark"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--schedules", type=int, default=1_000)
    share = max(1, options.parse_args().schedules // PAIRS)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    django.setup()
    from tests.factories import TemplateFactory

    template = TemplateFactory.create(drawing="only")
    ratios, total, rounds = [], 0.0, 0
    for _ in range(PAIRS):
        alone = start(template, share)
        took, made = fire(template, share)
        ratios.append(took / alone)
        total, rounds = total + took, rounds + made
    ratios.sort()
    sys.stdout.write(
        f"{share * PAIRS} runs of schedules: {total:.1f} s in {rounds} rounds; beside start_run "
        f"alone {ratios[len(ratios) // 2]:.2f} times ({ratios[0]:.2f} to {ratios[-1]:.2f})\n"
        f"an idle round: {1_000 * idle_s():.1f} ms\n"
    )


def fire(template: Any, number: int) -> tuple[float, int]:
    """Return how long so many schedules take that are due in one second, and how many rounds."""
    from tests.factories import ScheduleFactory
    from tests.support.actors import who
    from workflow_triggers.firing.rounds import fire_due
    from workflow_triggers.models import Schedule
    from workflows.models import WorkflowRun

    now = timezone.now()
    fire_due(by=who(NAME), now=now)
    due = now + timedelta(seconds=1)
    Schedule.objects.all().delete()
    ScheduleFactory.create_batch(number, template=template, once_at=due, now=now)
    before, rounds = WorkflowRun.objects.count(), 0
    began = time.perf_counter()
    while WorkflowRun.objects.count() < before + number:
        fire_due(by=who(NAME), now=due)
        rounds += 1
    return time.perf_counter() - began, rounds


def start(template: Any, number: int) -> float:
    """Return how long as many runs take without schedules."""
    from tests.support.actors import who
    from workflows.operations.start import start_run

    began = time.perf_counter()
    for _ in range(number):
        start_run(template, by=who(NAME), auto_dispatch=True)
    return time.perf_counter() - began


def idle_s() -> float:
    """Return the median of rounds in which nothing is due, in seconds."""
    from tests.support.actors import who
    from workflow_triggers.firing.rounds import fire_due

    took = []
    for _ in range(20):
        began = time.perf_counter()
        fire_due(by=who(NAME), now=timezone.now())
        took.append(time.perf_counter() - began)
    return statistics.median(took)


if __name__ == "__main__":
    main()
