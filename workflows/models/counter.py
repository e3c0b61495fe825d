"""What is only counted: guessed passwords, refused tokens."""

from django.db import models


class Counter(models.Model):
    """How often something has happened lately. Not part of the trail."""

    key = models.CharField(max_length=100, primary_key=True)
    count = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True, help_text="From then on, counting begins anew.")

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
