"""What applies to a template's runs and is no part of its versions."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from runners.fields import ReadableJSONField
from workflows.models.template import WorkflowTemplate

FOREVER = 0
"""Stands for no limit, where a number of days is."""
MOST_DAYS = 36_500
DAYS = [MaxValueValidator(MOST_DAYS)]
KEEP_RUNS = "How many days its ended runs are kept; empty: as KEEP_RUNS_DAYS says; 0: forever."
KEEP_LOGS = "How many days their logs are kept; empty: as KEEP_LOGS_DAYS says; 0: with the run."

MOST_ACTIVE, MOST_MINUTES = 1_000, 43_200
LONGEST_LOCK = 100
MAX_ACTIVE = "How many of its runs may be active at the same time; the others wait. Empty: any."
LOCKS = "Named locks that a run holds from its start to its end, shared with other templates."
EXPECTED_MINUTES = "A run that takes longer is late. Empty: none is, by the clock."
LATE_AT_USUAL = "A run that takes longer than twice the usual time is late."


class TemplatePolicyQuerySet(models.QuerySet["TemplatePolicy"]):
    """Queries for sets of policies."""

    def limited(self) -> "TemplatePolicyQuerySet":
        """Return those under which a run may have to wait for another."""
        return self.filter(models.Q(max_active_runs__isnull=False) | ~models.Q(locks=[]))

    def with_deadline(self) -> "TemplatePolicyQuerySet":
        """Return those under which a run may be late."""
        return self.filter(models.Q(expected_minutes__isnull=False) | models.Q(late_at_usual=True))


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
    max_active_runs = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_ACTIVE)],
        help_text=MAX_ACTIVE,
    )
    locks = ReadableJSONField(default=list, db_default=[], blank=True, help_text=LOCKS)
    expected_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)],
        help_text=EXPECTED_MINUTES,
    )
    late_at_usual = models.BooleanField(default=False, db_default=False, help_text=LATE_AT_USUAL)

    objects = TemplatePolicyQuerySet.as_manager()

    class Meta:
        ordering = ["template"]
        verbose_name_plural = "template policies"

    def __str__(self) -> str:
        return f"policy of {self.template}"

    @property
    def is_limited(self) -> bool:
        """True if a run of the template may have to wait for another."""
        return self.max_active_runs is not None or bool(self.lock_names)

    @property
    def lock_names(self) -> list[str]:
        """The names of its locks, in the order in which they are taken."""
        return sorted(map(str, self.locks)) if isinstance(self.locks, list) else []


class NamedLock(models.Model):
    """
    A name in the `locks` of policies: whoever gives one of its holders a place locks this row.

    Who holds it is known from the runs that are active, so no crash can leave it taken.
    """

    name = models.CharField(max_length=LONGEST_LOCK, primary_key=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
