"""Schedules: at which moments a template is to be run."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from workflow_triggers.models.calendar import Calendar
from workflow_triggers.models.trigger import Trigger

LONGEST_CRON = 200
LONGEST_ZONE = 64
LONGEST_WINDOW_MINUTES = 60 * 24 * 31
A_DAY = 60 * 24


class Overlap(models.TextChoices):
    """What happens at a moment at which a run of the same schedule is still going on."""

    SKIP = "skip", "make no run"
    QUEUE = "queue", "make the run once the earlier one has ended"
    CANCEL_RUNNING = "cancel_running", "abort the earlier one and make the run"


class CatchUp(models.TextChoices):
    """What happens to moments at which nobody looked."""

    NONE = "none", "make no run"
    LATEST = "latest", "make one run, for the latest of them"
    ALL = "all", "make a run for each of them"


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    """Queries for sets of schedules."""

    def enabled(self) -> "ScheduleQuerySet":
        """Return the schedules that count."""
        return self.filter(is_enabled=True)


class Schedule(Trigger):
    """
    Moments at which a template is run: those of a cron expression in a time zone, or one.

    Each moment of an enabled schedule gets one occurrence, with its run or the reason why not.
    """

    cron = models.CharField(
        "cron expression",
        max_length=LONGEST_CRON,
        blank=True,
        help_text="Minute, hour, day, month, day of the week: 0 2 * * 1-5; or @daily and the like.",
    )
    zone = models.CharField(
        "time zone",
        max_length=LONGEST_ZONE,
        default="UTC",
        db_default="UTC",
        help_text="As IANA names it: Europe/Berlin.",
    )
    once_at = models.DateTimeField(
        "once at", null=True, blank=True, help_text="One moment, instead of a cron expression."
    )
    overlap = models.CharField(
        max_length=20,
        choices=Overlap.choices,
        default=Overlap.SKIP,
        db_default=Overlap.SKIP,
        help_text="If a run of this schedule is still going on.",
    )
    catch_up = models.CharField(
        max_length=20,
        choices=CatchUp.choices,
        default=CatchUp.LATEST,
        db_default=CatchUp.LATEST,
        help_text="For moments at which nobody looked.",
    )
    window_minutes = models.PositiveIntegerField(
        default=A_DAY,
        db_default=A_DAY,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_WINDOW_MINUTES)],
        help_text="A moment that is longer ago is not caught up.",
    )
    calendars = models.ManyToManyField(
        Calendar, blank=True, related_name="schedules", help_text="Days and times without runs."
    )
    # Everything up to this moment has its occurrence, or lies before the schedule counted.
    settled_until = models.DateTimeField(editable=False)
    # The first moment after it; empty if there is none, or if the schedule does not count.
    next_at = models.DateTimeField(null=True, editable=False)
    # What was raised when it was last looked at, how often in a row, and until when it is left out.
    trouble = models.TextField(blank=True, default="", db_default="", editable=False)
    failures = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    rests_until = models.DateTimeField(null=True, editable=False)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        permissions = [
            ("operate_schedule", "Can enable and disable schedules and webhooks, and fire them")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "name"], name="schedule_unique_name_in_template"
            ),
            models.CheckConstraint(
                condition=models.Q(cron="", once_at__isnull=False)
                | (~models.Q(cron="") & models.Q(once_at__isnull=True)),
                name="schedule_cron_or_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], name="schedule_due", condition=models.Q(next_at__isnull=False)
            )
        ]
