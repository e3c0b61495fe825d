"""What retention notes on a run, and by which indexes it finds what is due."""

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


RETENTION_INDEXES = (
    # What retention looks for: the oldest ended run of a template, with logs, with secrets.
    models.Index(
        fields=["template", "finished_at"],
        name="run_of_template_by_end",
        condition=models.Q(finished_at__isnull=False),
    ),
    models.Index(
        fields=["template", "finished_at"],
        name="run_with_logs_by_end",
        condition=models.Q(finished_at__isnull=False, logs_removed_at=None),
    ),
    models.Index(
        fields=["template", "finished_at"],
        name="run_with_secrets_by_end",
        condition=models.Q(finished_at__isnull=False, secrets_removed_at=None),
    ),
    models.Index(fields=["kept_at"], name="run_kept", condition=models.Q(kept_at__isnull=False)),
    models.Index(
        fields=["removed_at"],
        name="run_being_removed",
        condition=models.Q(removed_at__isnull=False),
    ),
)
