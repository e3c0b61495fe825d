"""What applies to a template's runs and is no part of its versions."""

from django.core.validators import MaxValueValidator
from django.db import models

from workflows.models.template import WorkflowTemplate

FOREVER = 0
"""Stands for no limit, where a number of days is."""
MOST_DAYS = 36_500
DAYS = [MaxValueValidator(MOST_DAYS)]
KEEP_RUNS = "How many days its ended runs are kept; empty: as KEEP_RUNS_DAYS says; 0: forever."
KEEP_LOGS = "How many days their logs are kept; empty: as KEEP_LOGS_DAYS says; 0: with the run."


class TemplatePolicy(models.Model):
    """
    The operational settings of a template. They count at once, also for runs that exist.

    A template without a row has the settings of the installation.
    """

    template = models.OneToOneField(
        WorkflowTemplate, models.CASCADE, primary_key=True, related_name="policy"
    )
    keep_runs_days = models.PositiveIntegerField(
        null=True, blank=True, validators=DAYS, help_text=KEEP_RUNS
    )
    keep_logs_days = models.PositiveIntegerField(
        null=True, blank=True, validators=DAYS, help_text=KEEP_LOGS
    )

    class Meta:
        ordering = ["template"]
        verbose_name_plural = "template policies"

    def __str__(self) -> str:
        return f"policy of {self.template}"
