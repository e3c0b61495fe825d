"""Filters for the rows of tables, which are many on a page."""

from datetime import datetime

from django.db.models import Model
from django.template import Library
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from workflows.admin.ui.display import EMPTY, page_url

register = Library()


@register.filter
def page(row: Model) -> str:
    """Return the address of a row's page."""
    return page_url(type(row), row.pk)


@register.filter
def clock(moment: datetime | None) -> str | SafeString:
    """Return a moment to the second, as times.js finds it."""
    if moment is None:
        return EMPTY
    local = localtime(moment)
    text = f"{local:%Y-%m-%d %H:%M:%S}"
    return mark_safe(f'<time datetime="{local.isoformat()}">{text}</time>')  # noqa: S308 (a moment)
