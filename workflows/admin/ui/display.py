"""How the admin shows states, numbers, times, JSON and links."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import admin
from django.db.models import Model
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from workflows.insight.situation import Situation
from workflows.models import WorkflowRun
from workflows.models.label import MOST_LABELS
from workflows.search.syntax import quoted

EMPTY = "–"
PLACE = "PK"
IN_BAR = ("success", "running", "dispatched", "failed", "canceled")
"""The states that a progress bar shows, from the left; pending tasks are its background."""


def badge(text: str, kind: str = "") -> SafeString:
    """Return a word as a coloured badge; theme.css has a colour and an icon for each kind."""
    return format_html('<span class="badge badge-{}">{}</span>', kind or text, text)


def run_badges(run: WorkflowRun, situation: Situation | None) -> SafeString:
    """Return the state of a run, how many tasks are blocked, and whether it is set aside."""
    badges = [(badge(run.state),)]
    if situation and (deadlock := situation.deadlock):
        more = "+" if deadlock.more_blocked else ""
        badges.append((badge(f"{deadlock.blocked:,}{more} blocked", "deadlocked"),))
    if run.is_set_aside:
        badges.append((badge("set aside", "refused"),))
    return format_html_join(" ", "{}", badges)


def plain_badge(text: str, kind: str) -> SafeString:
    """Return a word with the icon of a kind, but without its coloured background."""
    return format_html('<span class="badge plain badge-{}">{}</span>', kind, text)


def page_url(model: type[Model], pk: object) -> str:
    """Return the URL of a row's page."""
    # Not by `reverse` each time: a page of a list has a hundred links.
    return _page_address(model, get_script_prefix()).replace(PLACE, quote(str(pk)))


@cache
def _page_address(model: type[Model], prefix: str) -> str:
    return reverse(f"admin:{_url_prefix(model)}_change", args=[PLACE])


def list_url(model: type[Model], **query: object) -> str:
    """Return the URL of a list, with filters."""
    address = reverse(f"admin:{_url_prefix(model)}_changelist")
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


def progress(by_state: Mapping[str, int]) -> SafeString:
    """Return the progress of a run: a bar, and how many tasks are in each state."""
    others = [
        (badge(f"{n} {state}", state),) for state, n in by_state.items() if n and state != "success"
    ]
    counts = format_html_join(" ", "{}", others)
    return format_html("{} {}", progress_bar(by_state), counts)


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


def moment(field: str) -> Any:
    """Return a column for `list_display` that shows a time field to the second."""

    @admin.display(description=field.removesuffix("_at"), ordering=field)
    def shown(row: Model) -> str | SafeString:
        return time_shown(getattr(row, field))

    shown.__name__ = field  # the column's name, which must be unique in a list
    return shown


def time_shown(value: datetime | None) -> str | SafeString:
    """Return a time to the second; in the browser, times.js shows how long ago it was."""
    if value is None:
        return EMPTY
    # Without Django's formats, which take as long as ten columns of text.
    day, time = f"{localtime(value):%Y-%m-%d %H:%M:%S}".split()
    return mark_safe(  # noqa: S308 (a moment)
        f'<time datetime="{value.isoformat()}"><span>{day}</span> <span>{time}</span></time>'
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


def _url_prefix(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"
