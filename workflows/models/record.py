"""What stays of a run, whatever becomes of its rows."""

from django.db import models

from runners.fields import ReadableJSONField


class RunRecord(models.Model):
    """
    One line about a run, inserted with it, and never deleted.

    It says that there was such a run. At each end of the run it is sealed: it keeps how the run
    ended, and up to where the trail was chained then. It has the run's number, and no foreign key:
    it outlives the run.
    """

    run_id = models.PositiveBigIntegerField(primary_key=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=50, blank=True, help_text="How the run ended last.")
    ended_at = models.DateTimeField(null=True)
    task_counts = ReadableJSONField(default=dict, help_text="How many tasks were in which state.")
    trail_head = models.CharField(max_length=64, blank=True)
    trail_length = models.PositiveBigIntegerField(default=0)
    seals = models.PositiveIntegerField(default=0, help_text="How often the run has ended.")

    class Meta:
        ordering = ["run_id"]

    def __str__(self) -> str:
        return f"record of workflow run {self.run_id}"
