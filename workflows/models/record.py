"""What stays of a run, whatever becomes of its rows."""

from django.db import models
from django.utils import timezone

from runners.fields import ReadableJSONField
from workflows.models.actor import LONGEST_NAME, LONGEST_WAY, Actor


class RunRecord(models.Model):
    """
    One line about a run, inserted with it, and never deleted.

    It says that there was such a run. At each end of the run it is sealed: it keeps how the run
    ended, and up to where the trail was chained then. When the run is removed, it gets the rest of
    the line, which is sealed again and chained to that of the run removed before: see
    `workflows/retention/lines.py`. It has the run's number, and no foreign key: it outlives the
    run.
    """

    run_id = models.PositiveBigIntegerField(primary_key=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=50, blank=True, help_text="How the run ended last.")
    ended_at = models.DateTimeField(null=True)
    task_counts = ReadableJSONField(default=dict, help_text="How many tasks were in which state.")
    trail_head = models.CharField(max_length=64, blank=True)
    trail_length = models.PositiveBigIntegerField(default=0)
    seals = models.PositiveIntegerField(default=0, help_text="How often the run has ended.")

    removed_at = models.DateTimeField(null=True)
    """Empty while the run is there."""
    removed_by = models.CharField(max_length=LONGEST_NAME, blank=True, default="", db_default="")
    removed_via = models.CharField(max_length=LONGEST_WAY, blank=True, default="", db_default="")
    removed_reason = models.TextField(
        blank=True, default="", db_default="", help_text="The policy or request that it fell to."
    )
    template_id = models.PositiveBigIntegerField(null=True)
    template_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    template_version = models.PositiveIntegerField(null=True)
    parameters = ReadableJSONField(
        default=dict, db_default={}, help_text="Without those that are secret."
    )
    initiated_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    created_by = models.CharField(max_length=LONGEST_NAME, blank=True, default="", db_default="")
    created_by_user = models.CharField(
        max_length=LONGEST_NAME, blank=True, default="", db_default=""
    )
    created_by_via = models.CharField(max_length=LONGEST_WAY, blank=True, default="", db_default="")
    again_of = models.PositiveBigIntegerField(null=True)
    trigger = ReadableJSONField(null=True, help_text="What started it, if no person did.")
    trial = ReadableJSONField(null=True, help_text="Which draft it tried, if it was a trial.")
    started_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveBigIntegerField(null=True)
    line_number = models.PositiveBigIntegerField(
        null=True, unique=True, help_text="Counts the runs that were removed, from 1."
    )
    line_digest = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of this line, and of the digest of the line before.",
    )

    class Meta:
        ordering = ["run_id"]
        verbose_name = "removed run"
        indexes = [
            models.Index(
                fields=["ended_at"],
                name="record_removed_by_end",
                condition=models.Q(removed_at__isnull=False),
            ),
            models.Index(
                fields=["removed_at"],
                name="record_by_removal",
                condition=models.Q(removed_at__isnull=False),
            ),
            models.Index(
                fields=["template_id", "run_id"],
                name="record_removed_of_template",
                condition=models.Q(removed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"record of workflow run {self.run_id}"

    @property
    def creator(self) -> Actor:
        """Who created the run, if it was removed."""
        return Actor(self.created_by_user, self.created_by, self.created_by_via)

    @property
    def removal_sentence(self) -> str:
        """When the run was removed, by whom, and why; for a record that says so."""
        at = timezone.localtime(self.removed_at)
        by = f" by {self.removed_by}" if self.removed_by else ""
        return f"it was removed on {at:%Y-%m-%d}{by}: {self.removed_reason}"
