"""Runs that took longer than their template usually takes, which is known of each template."""

import math
from datetime import timedelta

from django.db.models import Case, DurationField, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone

from workflows.insight.durations import usual_of_runs
from workflows.models import WorkflowRun
from workflows.search.syntax import BadSearch

MOST_TEMPLATES = 200
"""Of so many templates it is read what is usual."""
MOST_TIMES = 1_000


def took_times_usual(text: str, newest: Q) -> tuple[Q, bool]:
    """
    Return the condition of runs that took, or have taken, so many times their usual duration.

    And False if there are more templates than are looked at: those with the highest numbers.

    :raises BadSearch: if the text is no number from 1 to 1,000.
    """
    times = _times(text)
    runs = WorkflowRun.objects.filter(newest, template__isnull=False).order_by("-template")
    found = list(runs.values_list("template", flat=True).distinct()[: MOST_TEMPLATES + 1])
    usual = usual_of_runs(found[:MOST_TEMPLATES])
    limits = [
        When(template=template, then=Value(timedelta(seconds=times * seconds)))
        for template, seconds in usual.items()
    ]
    if not limits:
        return Q(pk__in=[]), True
    began = Coalesce(F("reopened_at"), F("started_at"))
    ended = Coalesce(F("finished_at"), Value(timezone.now()))
    took = ExpressionWrapper(ended - began, output_field=DurationField())
    limit = Case(*limits, output_field=DurationField())
    is_slow = Q(GreaterThanOrEqual(took, limit))
    return newest & Q(template__in=list(usual)) & is_slow, len(found) <= MOST_TEMPLATES


def _times(text: str) -> float:
    try:
        times = float(text)
    except ValueError:
        times = math.nan
    if not 1 <= times <= MOST_TIMES:
        wanted = "how many times the usual duration a run took at least, as in slow:1.5"
        raise BadSearch(f"slow:{text} is no number from 1 to {MOST_TIMES:,}; write {wanted}")
    return times
