"""Filters for the rows of tables, which are many on a page."""

from datetime import datetime

from django.db.models import Model
from django.template import Library
from django.utils.safestring import SafeString

from workflows.admin.curl.address import curl_url
from workflows.admin.ui import display
from workflows.admin.ui.display import EMPTY, page_url
from workflows.insight.durations import seconds_between
from workflows.insight.phrases import duration_text
from workflows.insight.phrases import short_duration as in_short
from workflows.models import Task, TaskAttempt

register = Library()


@register.filter
def page(row: Model) -> str:
    """Return the address of a row's page."""
    return page_url(type(row), row.pk)


register.filter(curl_url)


@register.filter
def clock(moment: datetime | None, form: str = "") -> str | SafeString:
    """Return a moment as times.js finds it: its age, or `exact` and the other forms of times.js."""
    return display.time_shown(moment, form)


@register.filter
def duration(seconds: float | None) -> str:
    """Return how long something took, such as `4 min 12 s`."""
    return EMPTY if seconds is None else duration_text(seconds)


@register.filter
def took(row: Task | TaskAttempt) -> str | SafeString:
    """Return how long a task or an attempt ran, or has run until now."""
    return display.took(seconds_between(row.started_at, row.finished_at))


@register.filter
def short_duration(seconds: float | None) -> str:
    """Return how long something took, such as `4:12`."""
    return "" if seconds is None else in_short(seconds)


@register.filter
def change(share: float | None) -> str:
    """Return by how much something has become slower or faster, such as `+31 %`."""
    return "" if share is None else f"{100 * share:+.0f} %".replace("-", "−").replace("+0 %", "0 %")


register.filter("parameter", display.parameter_text)
