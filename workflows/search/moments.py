"""Moments in searches: a day, a moment, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from workflows.search.syntax import BadSearch

AGO = re.compile(r"(\d{1,4})([hdw])")
HOURS = {"h": 1, "d": 24, "w": 24 * 7}
DAYS = {"today": 0, "yesterday": 1}
WANTED = (
    "give a day such as 2026-11-27, a moment such as 2026-11-27T14:30, today, yesterday, or how "
    "long ago: 12h, 7d, 2w"
)


def read_moment(key: str, text: str) -> datetime:
    """
    Return the moment that a text names; of a day, its beginning in the time zone of the site.

    :raises BadSearch: naming the key, with what can be given.
    """
    if ago := AGO.fullmatch(text.lower()):
        return timezone.now() - timedelta(hours=int(ago[1]) * HOURS[ago[2]])
    try:
        if (days := DAYS.get(text.lower())) is not None:
            return _beginning_of_day(timezone.localtime() - timedelta(days=days))
        if day := parse_date(text):
            moment = _beginning_of_day(datetime(day.year, day.month, day.day))  # noqa: DTZ001 (in a line)
        elif (moment_or_none := parse_datetime(text)) is not None:
            moment = moment_or_none
        else:
            raise BadSearch(f"{key}: '{text}' is no moment; {WANTED}")
        moment = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise BadSearch(f"{key}: there is no '{text}'; {WANTED}") from exc


def _beginning_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
