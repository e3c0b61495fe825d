"""How the admin shows states, numbers, times, JSON and links."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from workflows.insight.durations import is_slow
from workflows.insight.phrases import duration_text
from workflows.models import WorkflowRun
from workflows.models.label import MOST_LABELS
from workflows.search.syntax import quoted
from workflows.sites import admin_url, page_address, url_prefix

EMPTY = "–"
OF_DAY = {"seconds", "minutes", "clock"}
ENDS = {"milliseconds": 23, "minutes": 16, "clock": 16, "span": 16}
"""Where the text of a time ends in each form; in the others after the second."""
IN_BAR = ("success", "running", "dispatched", "failed", "canceled")
"""The states that a progress bar shows, from the left; pending tasks are its background."""


def badge(text: str, kind: str = "") -> SafeString:
    """Return a word as a coloured badge; theme.css has a colour and an icon for each kind."""
    return format_html('<span class="badge badge-{}">{}</span>', kind or text, text)


def plain_badge(text: str, kind: str) -> SafeString:
    """Return a word with the icon of a kind, but without its coloured background."""
    return format_html('<span class="badge plain badge-{}">{}</span>', kind, text)


def page_url(model: type[Model], pk: object) -> str:
    """Return the URL of a row's page."""
    return page_address(model, pk)


def list_url(model: type[Model], **query: object) -> str:
    """Return the URL of a list, with filters."""
    address = admin_url(f"{url_prefix(model)}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def link(address: str, text: object) -> SafeString:
    """Return a link."""
    return format_html('<a href="{}">{}</a>', address, text)


def run_link(run_id: int | None) -> str | SafeString:
    """Return a link to a run, without reading the run."""
    return link(page_url(WorkflowRun, run_id), f"run {run_id}") if run_id else EMPTY


def chips(labels: Mapping[str, str], *, most: int = MOST_LABELS) -> SafeString:
    """Return labels as links to the runs that have the same."""
    shown = (
        (list_url(WorkflowRun, q=f"label:{key}={quoted(value)}"), key, value)
        for key, value in [*labels.items()][:most]
    )
    more = "" if len(labels) <= most else f" and {len(labels) - most} more"
    links = format_html_join(" ", '<a class="chip" href="{}">{}={}</a>', shown)
    return format_html("{}{}", links, more)


def pretty(value: object) -> str | SafeString:
    """Return a value as indented JSON."""
    if value is None:
        return EMPTY
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="output">{}</pre>', text)


def parameter_text(value: object) -> str:
    """Return the value of a parameter as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def progress_bar(by_state: Mapping[str, int]) -> SafeString:
    """Return a bar with a part for each state, and how many tasks have succeeded."""
    total = sum(by_state.values())
    parts = format_html_join(
        "", '<rect class="bar-{}" x="{}" width="{}" height="1"/>', _bar_parts(by_state)
    )
    bar = (
        '<span class="count"><svg class="bar" viewBox="0 0 {} 1" preserveAspectRatio="none" '
        'aria-hidden="true">{}</svg>{} of {}</span>'
    )
    return format_html(bar, total or 1, parts, by_state["success"], total)


def _bar_parts(by_state: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    x = 0
    for state in IN_BAR:
        if n := by_state[state]:
            yield state, x, n
            x += n


def moment(field: str, form: str = "") -> Any:
    """Return a column for `list_display` that shows a time field, as `time_shown` does."""

    @admin.display(description=field.removesuffix("_at").replace("_", " "), ordering=field)
    def shown(row: Model) -> str | SafeString:
        return time_shown(getattr(row, field), form)

    shown.__name__ = field  # the column's name, which must be unique in a list
    return shown


def time_shown(value: datetime | None, form: str = "") -> str | SafeString:
    """
    Return a time to the second, or in the form that is named.

    In the browser, times.js shows how long ago it was, or a form where the order matters: `exact`,
    `milliseconds`, of the time of day `seconds`, `minutes` and `clock`, or of spans `span`.
    """
    if value is None:
        return EMPTY
    # Without Django's formats, which take as long as ten columns of text.
    day, time = f"{localtime(value):%Y-%m-%d %H:%M:%S.%f}"[: ENDS.get(form, 19)].split()
    shown = f"<span>{time}</span>" if form in OF_DAY else f"<span>{day}</span> <span>{time}</span>"
    said = f' data-form="{form}"' if form else ""
    return mark_safe(  # noqa: S308 (a moment)
        f'<time datetime="{value.isoformat()}"{said}>{shown}</time>'
    )


def took(seconds: float | None, usual: float | None = None) -> str | SafeString:
    """Return how long something took; marked if that is much longer than usual."""
    if seconds is None:
        return EMPTY
    slow = " is-slow" if is_slow(seconds, usual) else ""
    title = "" if usual is None else f"usual {duration_text(usual)}"
    text = duration_text(seconds)
    return format_html('<span class="took{}" title="{}">{}</span>', slow, title, text)


def took_bar(seconds: float | None, usual: float | None) -> str | SafeString:
    """Return how long something took as a bar, with a tick where it usually ends."""
    if not usual:
        return ""
    slow = " is-slow" if is_slow(seconds, usual) else ""
    return format_html(
        '<svg class="took-bar{}" viewBox="0 0 48 10" aria-hidden="true"><rect y="3" width="48" '
        'height="4" rx="2"/><rect class="part" y="3" width="{}" height="4" rx="2"/>'
        '<rect class="usual" x="24" width="1.5" height="10"/></svg>',
        slow,
        round(min(48.0, 24 * (seconds or 0) / usual), 1),
    )


def listed(texts: Iterable[Any], *, most: int, more: int = 0) -> SafeString:
    """
    Return `a, b and 3 more`.

    :param most: how many of the texts are shown; the others are counted.
    :param more: how many exist besides these texts.
    """
    texts = list(texts)
    left_out = max(0, len(texts) - most) + more
    shown = format_html_join(", ", "{}", ((text,) for text in texts[:most]))
    return shown + mark_safe(f" and {left_out:,} more") if left_out else shown  # noqa: S308 (a number)
