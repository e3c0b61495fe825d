"""What the page of a runner shows beside its form: the other runners, and its last 24 hours."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.timezone import localtime

from runners.models import Runner
from workflows.insight.runner_health import RunnerHealth, health_of
from workflows.models import TaskAttempt
from workflows.models.attempt import Outcome

MOST_BESIDE = 50
SPAN = timedelta(hours=24)
BARS = 48
BAR_SPAN = SPAN / BARS
WIDTH, HEIGHT, STEP = 720, 64, 15
MOST_ATTEMPTS = 20_000
BAD = {Outcome.REFUSED}


@dataclass(frozen=True, slots=True)
class Bar:
    """The attempts that were given to a runner within half an hour."""

    x: int
    good: float
    bad: float
    """Its heights: what it refused stands upon the rest."""
    title: str

    @property
    def good_y(self) -> float:
        """Return where the lower part begins."""
        return HEIGHT - self.good

    @property
    def bad_y(self) -> float:
        """Return where the upper part begins."""
        return self.good_y - self.bad


def runners_beside(runner: Runner) -> list[RunnerHealth]:
    """Return how all runners are, by name, the one of the page among them."""
    others = Runner.objects.exclude(pk=runner.pk).order_by("name")[: MOST_BESIDE - 1]
    found = sorted([*others, runner], key=lambda each: each.name)
    health = health_of(found)
    return [health[each.pk] for each in found]


def last_day(runner: Runner) -> dict[str, Any]:
    """Return the attempts of the last 24 hours as bars, and since when it refuses; 1 statement."""
    now = timezone.now()
    rows = TaskAttempt.objects.filter(runner=runner, dispatched_at__gte=now - SPAN)
    latest = rows.order_by("-dispatched_at").values_list("dispatched_at", "outcome")
    attempts = list(latest[:MOST_ATTEMPTS])
    return {
        "bars": list(_bars(attempts, now)),
        "attempt_count": len(attempts),
        "bad_count": sum(outcome in BAD for _, outcome in attempts),
        "refused_x": _refused_x(runner, now),
        "hours": [(x, _clock(now, x)) for x in range(0, WIDTH, WIDTH // 4)],
        "width": WIDTH,
        "height": HEIGHT,
    }


def _bars(attempts: list[tuple[datetime, str]], now: datetime) -> Iterator[Bar]:
    counts = Counter((_place(at, now), outcome in BAD) for at, outcome in attempts)
    sums = [counts[place, False] + counts[place, True] for place in range(BARS)]
    scale = HEIGHT / max(1, *sums)
    for place, total in enumerate(sums):
        if total:
            bad = counts[place, True]
            begin = _clock(now, place * STEP)
            said = f"{begin}: {total} given to it, {bad} refused"
            yield Bar(place * STEP, (total - bad) * scale, bad * scale, said)


def _place(at: datetime, now: datetime) -> int:
    return max(0, BARS - 1 - (now - at) // BAR_SPAN)


def _refused_x(runner: Runner, now: datetime) -> float | None:
    """Return where the time begins in which it takes nothing; None if it does."""
    if runner.unavailable_since is None:
        return None
    ago = min(now - runner.unavailable_since, SPAN)
    return min(WIDTH * (1 - ago / SPAN), WIDTH - STEP)


def _clock(now: datetime, x: int) -> str:
    return f"{localtime(now - SPAN + BAR_SPAN * (x // STEP)):%H:%M}"
