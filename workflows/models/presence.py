"""Which processes serve, and when somebody last did what has to be done regularly."""

from django.db import models
from django.db.models.functions import Now

from runners.fields import ReadableJSONField


class Presence(models.Model):
    """A process that serves. It is there as long as it says so again and again."""

    kind = models.CharField(max_length=40, help_text="local runner, worker, …")
    host = models.CharField(max_length=255)
    pid = models.PositiveBigIntegerField()
    version = models.CharField(max_length=40, blank=True)
    serves = ReadableJSONField(
        default=list, help_text="What it serves, as texts: kinds of runners."
    )
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["kind", "host", "pid"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "host", "pid"], name="presence_of_process")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pid} on {self.host}"


class LastLook(models.Model):
    """When a process last began a piece of periodic work, for all processes together."""

    name = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
