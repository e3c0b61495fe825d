"""Operations on calendars: save, delete, and read iCalendar."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from icalendar import Calendar as ICalendar

from workflow_triggers.models import Calendar
from workflow_triggers.moments import END_OF_DAY, WEEKDAYS
from workflow_triggers.trail import record_calendar
from workflows.db.doors import nestable
from workflows.errors import InUse, Invalid, NotFound
from workflows.models.actor import By, as_actor
from workflows.models.bounds import cut
from workflows.payloads.suggestions import unknown
from workflows.runs.locks import LARGEST_ID

LONGEST_NAME = 200
LONGEST_ICAL = 1_000_000
MOST_ENTRIES = 5_000
FIELDS = ("name", "description", "days", "spans", "weekly")
LISTS = ("days", "spans", "weekly")
DAY = 'Give days such as "2026-12-25" or {"day": "2026-12-31", "title": "inventory"}.'
SPAN = 'Give spans such as {"from": "2026-12-24T18:00+01:00", "until": "2026-12-27T06:00+01:00"}.'
WEEK = 'Give windows such as {"days": ["sat", "sun"], "from": "00:00", "until": "24:00"}.'


@nestable
def save_calendar(values: Mapping[str, Any], *, by: By, calendar_id: int | None = None) -> Calendar:
    """
    Create a calendar, or change one; what is not named stays. It counts at once.

    :raises NotFound: if there is no such calendar.
    :raises Invalid: naming each field that is wrong.
    """
    by = as_actor(by)
    calendar = Calendar() if calendar_id is None else _locked(calendar_id)
    if wrong := dict(_wrong_values(calendar, values)):
        raise Invalid(wrong)
    before = {name: getattr(calendar, name) for name in FIELDS}
    for name in FIELDS:
        setattr(calendar, name, values.get(name, before[name]))
    calendar.name = calendar.name.strip()
    changed = [name for name in FIELDS if getattr(calendar, name) != before[name]]
    if calendar_id is None or changed:
        calendar.save()
        what = "created" if calendar_id is None else "changed"
        record_calendar(what, calendar, by=by, changed=changed)
    return calendar


@nestable
def delete_calendar(calendar_id: int, *, by: By) -> None:
    """
    Delete a calendar that no schedule has.

    :raises NotFound: if there is no such calendar.
    :raises InUse: naming the schedules that have it.
    """
    by = as_actor(by)
    calendar = _locked(calendar_id)
    names = list(calendar.schedules.order_by("pk").values_list("name", flat=True)[:3])
    if names:
        raise InUse(f"calendar {calendar} is used by {', '.join(names)}; take it out there first")
    record_calendar("deleted", calendar, by=by)
    calendar.delete()


def import_ical(text: str) -> dict[str, Any]:
    """
    Return the days and spans of an iCalendar file, as `save_calendar` takes them.

    Each event is one, also one that repeats: only its first occurrence is read.

    :raises Invalid: if the text is no iCalendar, or has no events.
    """
    if len(text) > LONGEST_ICAL:
        raise Invalid({"file": [f"Give at most {LONGEST_ICAL:,} characters."]})
    try:
        events = ICalendar.from_ical(text).walk("VEVENT")
        entries = [_entry(event) for event in events if event.get("DTSTART")]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as exc:
        why = cut(str(exc), most=200)
        raise Invalid({"file": [f"This is not a readable iCalendar (.ics): {why}"]}) from exc
    if not entries:
        raise Invalid({"file": ["There are no events in it."]})
    return {
        "days": [entry for found in entries for entry in found if "day" in entry],
        "spans": [entry for found in entries for entry in found if "from" in entry],
    }


def _entry(event: Any) -> list[dict[str, str]]:
    """Return a day for each day of an event that has no time; otherwise a span."""
    title = str(event.get("SUMMARY", ""))
    start = event.decoded("DTSTART")
    end = event.decoded("DTEND", None) or (
        start + event.decoded("DURATION") if event.get("DURATION") else None
    )
    if isinstance(start, datetime):
        end = end or datetime.combine(start.date(), time.max, start.tzinfo)
        return [{"from": _text(start), "until": _text(end), "title": title}]
    days = max(1, (end - start).days) if end else 1
    if days > MOST_ENTRIES:
        raise ValueError(f"an event of {days} days")
    return [
        {"day": date.fromordinal(start.toordinal() + n).isoformat(), "title": title}
        for n in range(days)
    ]


def _text(moment: datetime) -> str:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _locked(calendar_id: int) -> Calendar:
    found = Calendar.objects.select_for_update().filter(pk=calendar_id)
    calendar = found.first() if 0 < calendar_id <= LARGEST_ID else None
    if calendar is None:
        raise NotFound("calendar", calendar_id)
    return calendar


def _wrong_values(calendar: Calendar, values: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    yield from ((name, [unknown("field", name, FIELDS)]) for name in values if name not in FIELDS)
    if ("name" in values or calendar.pk is None) and (why := _name_problem(calendar, values)):
        yield "name", [why]
    if not isinstance(values.get("description", ""), str):
        yield "description", ["Give a text."]
    for name, check, remedy in (
        ("days", _day, DAY),
        ("spans", _span, SPAN),
        ("weekly", _week, WEEK),
    ):
        if name in values and (problems := list(_list_problems(values[name], check, remedy))):
            yield name, problems[:3]


def _name_problem(calendar: Calendar, values: Mapping[str, Any]) -> str | None:
    name = values.get("name")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME:
        return f"Give a name of 1 to {LONGEST_NAME} characters."
    if Calendar.objects.filter(name=name.strip()).exclude(pk=calendar.pk).exists():
        return "There is a calendar of this name; choose another."
    return None


def _list_problems(entries: Any, check: Any, remedy: str) -> Iterator[str]:
    if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
        yield f"Give a list of at most {MOST_ENTRIES:,} entries."
        return
    for entry in entries:
        try:
            is_right = check(entry)
        except (ValueError, TypeError, KeyError, AttributeError):
            is_right = False
        if not is_right:
            yield f"{cut(str(entry), most=100)}: {remedy}"


def _day(entry: Any) -> bool:
    if isinstance(entry, str):
        return bool(date.fromisoformat(entry))
    return _has_only(entry, "day") and bool(date.fromisoformat(entry["day"]))


def _span(entry: Any) -> bool:
    start, end = (datetime.fromisoformat(entry[name]) for name in ("from", "until"))
    return _has_only(entry, "from", "until") and bool(start.tzinfo and end.tzinfo) and start < end


def _week(entry: Any) -> bool:
    for name in ("from", "until"):
        if entry.get(name, END_OF_DAY) != END_OF_DAY and len(entry[name]) != len(END_OF_DAY):
            return False
        if entry.get(name, END_OF_DAY) != END_OF_DAY:
            time.fromisoformat(entry[name])
    is_known = bool(entry["days"]) and set(entry["days"]) <= set(WEEKDAYS)
    return (
        is_known and entry.get("from") != END_OF_DAY and _has_only(entry, "days", "from", "until")
    )


def _has_only(entry: Mapping[str, Any], *names: str) -> bool:
    return set(entry) <= {*names, "title"} and isinstance(entry.get("title", ""), str)
