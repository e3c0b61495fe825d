"""
Ticks through simulated time, as one of several processes: `python -m tests.triggers.ticker SEED`.

All of them look at the same moments, right before and after something falls due; over some spans,
nobody looks. A process that was killed goes on, when it is started again, where somebody last
looked.
"""

import os
import random
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import django
from cronsim import CronSim

START = datetime(2026, 9, 20, tzinfo=UTC)
DAYS = int(os.environ.get("SIMULATED_DAYS", "37"))
END = START + timedelta(days=DAYS)
ZONES = ("Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC")
CRONS = ("30 2 * * *", "0 0 29 2 *", "0 0 1 * *")
AROUND_CHANGES = "*/5 1-3 4,25,29 3,4,10 *"
STANDSTILLS = 6
SHORTLY = timedelta(seconds=30)


def expected(cron: str, zone: str) -> list[datetime]:
    """Return the moments of an expression as the library lists them in one go."""
    found = []
    for moment in CronSim(cron, START.astimezone(ZoneInfo(zone))):
        if moment > END:
            break
        found.append(moment.astimezone(UTC))
    return found


def looks(seed: int) -> list[datetime]:
    """Return when somebody looks."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    every = {each for zone in ZONES for cron in (*CRONS, AROUND_CHANGES)
             for each in expected(cron, zone)}  # fmt: skip
    spans = []
    for _ in range(STANDSTILLS):
        begin = START + chance.random() * (END - START)
        spans.append((begin, begin + timedelta(hours=chance.choice([1, 5, 30]))))
    near = sorted({moment + by for moment in every for by in (-SHORTLY, SHORTLY)})
    seen = [at for at in near if not any(begin < at < end for begin, end in spans)]
    return [START, *seen, END, END + SHORTLY]


def main(seed: int) -> None:
    """Tick until the time is over."""
    django.setup()
    from tests.support.actors import who
    from workflow_triggers.firing.looks import LOOKED
    from workflow_triggers.firing.rounds import fire_due
    from workflows.models import LastLook

    last = LastLook.objects.filter(name=LOOKED).values_list("at", flat=True).first()
    for now in looks(seed):
        if last is None or now >= last:
            fire_due(by=who("ticker"), now=now, seconds=60)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    main(int(sys.argv[1]))
