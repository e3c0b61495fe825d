"""Occurrences: what became of each moment of a schedule."""

from django.db import models

from workflow_triggers.models.schedule import Schedule
from workflows.models.actor import LONGEST_NAME, LONGEST_WAY


class Cause(models.TextChoices):
    """Why there is an occurrence."""

    TIME = "time", "its moment came"
    BACKFILL = "backfill", "somebody asked for the moments of a span"
    NOW = "now", "somebody fired the schedule by hand"


class Outcome(models.TextChoices):
    """What became of a moment. Of each but `queued`, it is final."""

    QUEUED = "queued"
    """Its run will be made once an earlier one has ended."""
    RUN = "run"
    """It has made a run."""
    SKIPPED = "skipped"
    """A run of the same schedule was still going on."""
    MISSED = "missed"
    """Nobody looked in time."""
    EXCLUDED = "excluded"
    """A calendar excludes it."""
    REFUSED = "refused"
    """The template did not take its parameters, or there was nothing to run."""
    CANCELED = "canceled"
    """Somebody canceled its backfill, or disabled the schedule, before its run was made."""


class Backfill(models.Model):
    """A span of a schedule for whose moments somebody wants runs, one after the other."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="backfills")
    start = models.DateTimeField()
    end = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=LONGEST_NAME, blank=True)
    created_by_user = models.CharField(max_length=LONGEST_NAME, blank=True)
    created_by_via = models.CharField(max_length=LONGEST_WAY, blank=True)
    canceled_at = models.DateTimeField(null=True)
    canceled_by = models.CharField(max_length=LONGEST_NAME, blank=True, default="")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"backfill {self.pk}"


class Occurrence(models.Model):
    """
    One moment of a schedule, with its run or the reason why there is none.

    The row is inserted in the transaction that creates the run: whoever loses the insert does
    nothing. What lies before the window of a schedule is one row for all of its moments.
    """

    schedule = models.ForeignKey(
        Schedule, models.CASCADE, related_name="occurrences", db_index=False
    )
    moment = models.DateTimeField(help_text="For which it is: the first, if it stands for several.")
    last_moment = models.DateTimeField(null=True, help_text="The last, if it stands for several.")
    count = models.PositiveIntegerField(default=1, db_default=1)
    cause = models.CharField(max_length=10, choices=Cause.choices, default=Cause.TIME)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.TextField(blank=True, default="", db_default="")
    # A number, no reference: it stays when the run is removed.
    run_id = models.PositiveBigIntegerField(null=True)
    backfill = models.ForeignKey(
        Backfill, models.SET_NULL, null=True, related_name="occurrences", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-moment", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "cause", "moment"], name="occurrence_once_for_a_moment"
            )
        ]
        indexes = [
            models.Index(fields=["schedule", "-moment"], name="occurrence_of_schedule"),
            models.Index(fields=["-moment"], name="occurrence_by_moment"),
            models.Index(
                fields=["run_id"],
                name="occurrence_of_run",
                condition=models.Q(run_id__isnull=False),
            ),
            models.Index(
                fields=["schedule", "moment"],
                name="occurrence_queued",
                condition=models.Q(outcome="queued"),
            ),
            models.Index(
                fields=["backfill", "moment"],
                name="occurrence_of_backfill",
                condition=models.Q(backfill__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.moment:%Y-%m-%d %H:%M}"

    @property
    def sentence(self) -> str:
        """What became of it: `run 12`, `skipped: run 12 was still running`."""
        if self.outcome == Outcome.RUN:
            return f"run {self.run_id}"
        return f"{self.outcome}: {self.reason}" if self.reason else self.outcome
