"""Removes old occurrences: they are kept as long as the runs of their template, or for a year."""

from collections import Counter
from datetime import timedelta

from django.utils import timezone

from workflow_triggers.models import Backfill, Occurrence, Outcome
from workflows.models.actor import Actor
from workflows.models.policy import FOREVER
from workflows.retention.limits import RUNS, days_by_template

LONGEST_DAYS = 366
"""Where runs are kept longer, or forever: a schedule may have half a million moments a year."""
BATCH = 1_000
MOST_BATCHES = 20


def remove_old_occurrences(*, by: Actor) -> Counter[str]:
    """Remove a limited number of old occurrences, and the backfills that have none left."""
    removed = 0
    for days, templates in _templates_by_days().items():
        old = Occurrence.objects.filter(
            schedule__template__in=templates,
            moment__lt=timezone.now() - timedelta(days=days),
        ).exclude(outcome=Outcome.QUEUED)
        for _ in range(MOST_BATCHES):
            ids = list(old.order_by("moment").values_list("pk", flat=True)[:BATCH])
            removed += Occurrence.objects.filter(pk__in=ids).delete()[0]
            if len(ids) < BATCH:
                break
    before = timezone.now() - timedelta(days=LONGEST_DAYS)
    Backfill.objects.filter(created_at__lt=before, occurrences=None).delete()
    return Counter({"occurrences removed": removed})


def _templates_by_days() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for template, days in days_by_template(RUNS).items():
        if template is not None:
            bound = LONGEST_DAYS if days == FOREVER else min(days, LONGEST_DAYS)
            found.setdefault(bound, []).append(template)
    return found
