"""The admin site of the shop."""

from django.contrib.admin import site

__all__ = ["site"]
