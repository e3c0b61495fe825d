"""What retention notes on a run."""

from django.db import models

from workflows.models.actor import LONGEST_NAME


class Retained(models.Model):
    """The columns of retention: who keeps it, and what was removed since when."""

    kept_at = models.DateTimeField(
        null=True, editable=False, help_text="Since then, retention leaves it alone."
    )
    kept_by = models.CharField(
        max_length=LONGEST_NAME, blank=True, editable=False, default="", db_default=""
    )
    kept_reason = models.TextField(blank=True, editable=False, default="", db_default="")
    logs_removed_at = models.DateTimeField(
        null=True, editable=False, help_text="When the logs of its attempts were removed."
    )
    secrets_removed_at = models.DateTimeField(
        null=True, editable=False, help_text="When the values of its secrets were removed."
    )
    removed_at = models.DateTimeField(
        null=True, editable=False, help_text="Since then, its rows are being removed."
    )

    class Meta:
        abstract = True
