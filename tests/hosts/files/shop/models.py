"""What the shop sells."""

from django.db import models


class Product(models.Model):
    """A product."""

    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    added_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
