"""
How long many schedules that are due in the same second take: `python -m benchmarks.schedules`.

Beside them, in turn, the same runs are started by `start_run` alone, so that the ratio says what a
schedule adds. Works on the database of DATABASE_URL: take one that you can throw away.
"""

import argparse
import os
import sys
import time
from datetime import timedelta

import django

PAIRS = 5


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--schedules", type=int, default=1_000)
    count = options.parse_args().schedules
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    django.setup()
    from django.utils import timezone

    from tests.factories import ScheduleFactory, TemplateFactory
    from tests.support.actors import who
    from workflow_triggers.firing.rounds import fire_due
    from workflow_triggers.models import Schedule
    from workflows.models import WorkflowRun
    from workflows.operations.start import start_run

    by = who("benchmark")
    template = TemplateFactory.create(drawing="only")

    def fire(number: int) -> tuple[float, int]:
        """Return how long so many schedules took, and how many rounds."""
        now = timezone.now()
        fire_due(by=by, now=now)
        due = now + timedelta(seconds=1)
        Schedule.objects.all().delete()
        ScheduleFactory.create_batch(number, template=template, once_at=due, now=now)
        before, rounds = WorkflowRun.objects.count(), 0
        began = time.perf_counter()
        while WorkflowRun.objects.count() < before + number:
            fire_due(by=by, now=due)
            rounds += 1
        return time.perf_counter() - began, rounds

    def start(number: int) -> float:
        """Return how long as many runs took without schedules."""
        began = time.perf_counter()
        for _ in range(number):
            start_run(template, by=by, auto_dispatch=True)
        return time.perf_counter() - began

    share = max(1, count // PAIRS)
    ratios, total, rounds = [], 0.0, 0
    for _ in range(PAIRS):
        alone = start(share)
        took, made = fire(share)
        ratios.append(took / alone)
        total, rounds = total + took, rounds + made
    ratios.sort()
    sys.stdout.write(
        f"{share * PAIRS} runs of schedules: {total:.1f} s in {rounds} rounds; beside start_run "
        f"alone {ratios[len(ratios) // 2]:.2f} times ({ratios[0]:.2f} to {ratios[-1]:.2f})\n"
    )
    idle = []
    for _ in range(20):
        began = time.perf_counter()
        fire_due(by=by, now=timezone.now())
        idle.append(time.perf_counter() - began)
    sys.stdout.write(f"an idle round: {1_000 * sorted(idle)[10]:.1f} ms\n")


if __name__ == "__main__":
    main()
