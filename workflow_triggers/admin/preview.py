"""The next moments of a schedule, also of one that is being typed: with words, or what is wrong."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from workflow_triggers.models import Calendar, Schedule
from workflow_triggers.moments import check_cron, check_zone, exclusion, next_moments, words

MOST = 5


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment to come."""

    at: datetime
    local: str
    """As the clocks of the schedule's zone show it."""
    excluded: str = ""
    """The calendar that excludes it."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a schedule says."""

    words: str = ""
    zone: str = ""
    moments: list[Moment] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def preview(schedule: Schedule, calendars: list[Calendar] | None = None) -> Preview:
    """Return the words of a schedule, and its next five moments."""
    zone = ZoneInfo(schedule.zone)
    listed = list(schedule.calendars.all()) if calendars is None else calendars
    moments = [
        Moment(at, in_words(at, zone), exclusion(listed, at, schedule.zone) or "")
        for at in next_moments(schedule, timezone.now(), MOST)
    ]
    return Preview(words_of(schedule), schedule.zone, moments)


def words_of(schedule: Schedule) -> str:
    """Return when a schedule fires: At 02:00, Monday to Friday; once on 24 December 2026."""
    if schedule.once_at:
        return f"Once, on {in_words(schedule.once_at, ZoneInfo(schedule.zone))}"
    return words(schedule.cron)


def in_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as the clocks of a zone show it."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def preview_of_text(cron: str, zone: str, once_at: str) -> Preview:
    """Return that of what somebody types; what is wrong instead, if something is."""
    cron, zone = cron.strip(), zone.strip() or "UTC"
    if problems := list(check_zone(zone)):
        return Preview(problems=problems)
    if cron and (problems := list(check_cron(cron, zone))):
        return Preview(problems=problems)
    once = None if cron else _moment_typed(once_at, zone)
    if not cron and once is None:
        return Preview()
    return preview(Schedule(cron=cron, zone=zone, once_at=once), [])


def _moment_typed(text: str, zone: str) -> datetime | None:
    try:
        read = parse_datetime(text)
    except ValueError:
        return None
    return read.replace(tzinfo=ZoneInfo(zone)) if read else None
