"""Calendars: days and times at which schedules make no run."""

from django.db import models

from runners.fields import ReadableJSONField


class Calendar(models.Model):
    """
    Days, spans and weekly windows that are excluded, shared between schedules.

    A day and a weekly window are those of the schedule's time zone; spans have an offset.
    """

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    days = ReadableJSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text='Excluded days: ["2026-12-25", {"day": "2026-12-31", "title": "inventory"}].',
    )
    spans = ReadableJSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text='From and until, with an offset: [{"from": "2026-12-24T18:00+01:00", '
        '"until": "2026-12-27T06:00+01:00", "title": "freeze"}].',
    )
    weekly = ReadableJSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text='Weekly windows: [{"days": ["sat", "sun"], "from": "00:00", "until": "24:00", '
        '"title": "weekend"}].',
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
