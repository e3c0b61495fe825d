"""Whether a run goes on by itself, waits for others of its template, or is late."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

HIGHEST_PRIORITY = 1_000_000
PRIORITIES = [MinValueValidator(-HIGHEST_PRIORITY), MaxValueValidator(HIGHEST_PRIORITY)]


class Queued(models.Model):
    """
    The columns of a run that say when it goes on.

    Where a template lets only so many runs be active, a run has a place while it is running or
    paused and `waits_since` is empty: so its end gives the place up in the same transaction.
    """

    auto_dispatch = models.BooleanField(
        default=False,
        help_text="Dispatch whatever becomes ready, from the creation of the run to its end.",
    )
    priority = models.IntegerField(
        default=0,
        db_default=0,
        validators=PRIORITIES,
        help_text="Among runs that wait for another, the highest is next.",
    )
    waits_since = models.DateTimeField(
        null=True, editable=False, help_text="Since when it waits for the place of another run."
    )
    late_at = models.DateTimeField(
        null=True, editable=False, help_text="When it was noticed that it takes too long."
    )

    class Meta:
        abstract = True
