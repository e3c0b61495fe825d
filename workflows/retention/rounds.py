"""
One round of retention: what is due goes, in small transactions, for as long as there is time.

In passing, executors and `tick` have little time, so that nothing else waits for it; `prune` takes
all that it needs. A round can be interrupted anywhere, and two at once take different runs.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from workflows.models.actor import Actor
from workflows.retention.limits import LOGS, RUNS, SECRETS, Due, due
from workflows.retention.logs import remove_some_logs
from workflows.retention.removal import mark_removed
from workflows.retention.rows import delete_some_rows
from workflows.retention.secrets import remove_some_secrets

ROUND_S = 0.25
"""Seconds of a round in passing: an executor does nothing else meanwhile."""

Step = Counter[str]
"""What one transaction has done: how many, by participle."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a round removes: everything that is due by policy, or what somebody asks for."""

    runs: Callable[[], Iterator[Due]]
    logs: Callable[[], Iterator[Due]] = lambda: iter(())
    secrets: Callable[[], Iterator[Due]] = lambda: iter(())


def by_policy(now: datetime, templates: list[int] | None = None) -> Rules:
    """Return what the settings and the policies of templates say."""
    return Rules(
        runs=lambda: due(RUNS, now, templates=templates),
        logs=lambda: due(LOGS, now, templates=templates),
        secrets=lambda: due(SECRETS, now, templates=templates),
    )


def remove_due(*, by: Actor) -> Counter[str]:
    """Do a round in passing."""
    over_at = time.monotonic() + ROUND_S
    total: Counter[str] = Counter()
    for step in steps(by_policy(timezone.now()), by=by):
        total += step
        if time.monotonic() >= over_at:
            break
    return total


def steps(rules: Rules, *, by: Actor) -> Iterator[Step]:
    """Do what the rules say, one transaction after the other; yield after each."""
    yield from _delete_rows()  # what was begun
    # Runs first: their logs and secrets go with them, without a word in a trail that goes, too.
    for each in rules.runs():
        while marked := mark_removed(each.runs, by=by, reason=each.reason):
            yield Counter({"runs removed": marked})
            yield from _delete_rows()
    for each in rules.secrets():
        yield from _repeat("secrets removed", remove_some_secrets, each, by)
    for each in rules.logs():
        yield from _repeat("logs removed", remove_some_logs, each, by)


def _delete_rows() -> Iterator[Step]:
    while (tasks := delete_some_rows()) is not None:
        yield Counter({"tasks removed": tasks})


def _repeat(
    what: str, remove_some: Callable[..., int | bool | None], each: Due, by: Actor
) -> Iterator[Step]:
    while (removed := remove_some(each.runs, by=by, reason=each.reason)) is not None:
        yield Counter({what: int(removed)})
