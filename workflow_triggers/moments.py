"""
The moments of schedules: which they are, how they are said in words, and which are excluded.

Every moment is in UTC. Around a change of clocks it is as in Debian's cron: a time of day that is
skipped comes once, right after the change, and one that comes twice counts once; what comes every
few minutes or every hour goes on as if the clocks did not change.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from workflow_triggers.models import Calendar, Schedule
from workflow_triggers.models.schedule import LONGEST_CRON
from workflows.payloads.suggestions import unknown

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FIELDS = 5
EXAMPLE = "such as 0 2 * * 1-5, for 02:00 from Monday to Friday"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS_TO_DAYS = re.compile(r" on (\w+day) through (\w+day)")
END_OF_DAY = "24:00"


def check_cron(cron: str, zone: str) -> Iterator[str]:
    """Yield what is wrong with a cron expression in a time zone; check the zone before."""
    if len(cron) > LONGEST_CRON:
        yield f"Give at most {LONGEST_CRON} characters."
        return
    if cron.startswith("@") and cron.lower() not in MACROS:
        yield unknown("name", cron, MACROS)
        return
    expression = _expression(cron)
    if len(expression.split()) != FIELDS:
        yield f"Give minute, hour, day, month and day of the week, {EXAMPLE}."
        return
    try:
        never = next(CronSim(expression, datetime.now(ZoneInfo(zone))), None) is None
    except (CronSimError, ValueError, AssertionError, TypeError) as exc:
        yield f"{str(exc) or 'It cannot be read'}; give five fields, {EXAMPLE}."
        return
    if never:
        yield "There is no such day within 50 years."


def check_zone(zone: str) -> Iterator[str]:
    """Yield what is wrong with the name of a time zone."""
    if zone not in zones():
        like = get_close_matches(zone, zones(), 1)
        meant = f"did you mean {like[0]}? Otherwise give" if like else "give"
        yield f"Unknown time zone; {meant} a name of the IANA database, such as Europe/Berlin."


@lru_cache(1)
def zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones())


def words(cron: str) -> str:
    """Return a cron expression in words: At 02:00, Monday to Friday."""
    said = CronSim(_expression(cron), datetime.now(UTC)).explain()
    return DAYS_TO_DAYS.sub(r", \1 to \2", said).replace(" through ", " to ")


def next_moments(schedule: Schedule, after: datetime, count: int) -> list[datetime]:
    """Return the next moments of a schedule, stored or not; excluded ones are among them."""
    return list(islice(_moments(schedule, after), count))


def first_moment(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first moment after another; None if there is none."""
    return next(_moments(schedule, after), None)


def moments_between(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the moments after one, up to and with another."""
    for moment in _moments(schedule, after):
        if moment > until:
            return
        yield moment


def exclusion(calendars: Iterable[Calendar], moment: datetime, zone: str) -> str | None:
    """
    Return why a moment is excluded: the title of a calendar's entry, else the calendar's name.

    :param zone: the schedule's, in which days and weekly windows are meant.
    """
    local = moment.astimezone(ZoneInfo(zone))
    for calendar in calendars:
        for entry in _entries(calendar):
            if _holds(entry, moment, local):
                return str(entry.get("title") or calendar.name)
    return None


def _moments(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the moments of a schedule; those of a cron expression end after 50 empty years."""
    if schedule.once_at:
        if schedule.once_at > after:
            yield schedule.once_at
        return
    last = after.astimezone(UTC)
    simulated = CronSim(_expression(schedule.cron), last.astimezone(ZoneInfo(schedule.zone)))
    try:
        for moment in simulated:
            found = moment.astimezone(UTC)
            # In an hour that comes twice, the library begins with the first of the two again.
            if found > last:
                yield found
                last = found
    except OverflowError:  # the calendar ends with the year 9999
        return


def _expression(cron: str) -> str:
    return MACROS.get(cron.strip().lower(), cron)


def _entries(calendar: Calendar) -> Iterator[Mapping[str, Any]]:
    for day in calendar.days:
        yield day if isinstance(day, dict) else {"day": day}
    yield from calendar.spans
    yield from calendar.weekly


def _holds(entry: Mapping[str, Any], moment: datetime, local: datetime) -> bool:
    """Return True if an entry of a calendar excludes a moment."""
    if "day" in entry:
        return local.date() == date.fromisoformat(entry["day"])
    if "days" not in entry:
        return bool(
            datetime.fromisoformat(entry["from"]) <= moment < datetime.fromisoformat(entry["until"])
        )
    start, end = entry.get("from", "00:00"), entry.get("until", END_OF_DAY)
    if _minute(start) < _minute(end):
        return _is_on(entry, local) and _minute(start) <= _minute_of(local) < _minute(end)
    # From the evening of one day into the next.
    if _minute_of(local) >= _minute(start):
        return _is_on(entry, local)
    return _minute_of(local) < _minute(end) and _is_on(entry, local - timedelta(days=1))


def _is_on(entry: Mapping[str, Any], local: datetime) -> bool:
    return WEEKDAYS[local.weekday()] in entry["days"]


def _minute_of(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _minute(text: str) -> int:
    """Return the minute of the day of a time of day; 24:00 is its end."""
    if text == END_OF_DAY:
        return 24 * 60
    read = time.fromisoformat(text)
    return read.hour * 60 + read.minute
