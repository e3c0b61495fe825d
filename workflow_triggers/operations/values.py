"""What a schedule may be: its values are checked and put into it here, for every door."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from runners import encryption
from runners.encryption import WRONG_KEYS
from workflow_triggers.models import Calendar, CatchUp, Overlap, Schedule
from workflow_triggers.models.schedule import LONGEST_WINDOW_MINUTES
from workflow_triggers.models.trigger import LONGEST_LABEL
from workflow_triggers.moments import check_cron, check_zone, first_moment
from workflow_triggers.rendering import check_parameters
from workflows.errors import Invalid
from workflows.models.fields import check_json_object
from workflows.models.queued import HIGHEST_PRIORITY
from workflows.payloads.expressions import check_expressions
from workflows.payloads.parameters import secret_names
from workflows.payloads.secrets import MASK
from workflows.payloads.suggestions import unknown

PLAIN_FIELDS = (
    "name", "cron", "zone", "once_at", "priority", "overlap", "catch_up", "window_minutes",
    "is_enabled",
)  # fmt: skip
FIELDS = (*PLAIN_FIELDS, "parameters", "calendars")
TIMES = ("cron", "zone", "once_at")
"""The fields that say when: what is changed in them counts from now on."""
EITHER = "Give a cron expression or one moment (once_at), not both."

Problems = Iterator[tuple[str, str]]


def apply_values(
    schedule: Schedule, values: Mapping[str, Any], *, now: datetime
) -> list[Calendar] | None:
    """
    Put values into a schedule that is locked, or new; the caller stores it.

    :returns: its calendars, if they are among the values.
    :raises Invalid: naming each field that is wrong.
    """
    wrong: dict[str, list[str]] = {}
    for field, why in _problems(schedule, values):
        wrong.setdefault(field, []).append(why)
    if wrong:
        raise Invalid(wrong)
    for name in PLAIN_FIELDS:
        if name in values:
            setattr(schedule, name, _tidied(values[name]))
    schedule.cron = schedule.cron or ""
    if "cron" in values and schedule.cron and "once_at" not in values:
        schedule.once_at = None
    if values.get("once_at") and "cron" not in values:
        schedule.cron = ""
    _check_times(schedule, values, now)
    if "parameters" in values:
        _take_parameters(schedule, values["parameters"])
    _check_parameters(schedule, now)
    return _calendars(values["calendars"]) if "calendars" in values else None


def _problems(schedule: Schedule, values: Mapping[str, Any]) -> Problems:
    for name in values:
        if name not in FIELDS:
            yield name, unknown("field", name, FIELDS)
    if "name" in values or schedule.pk is None:
        yield from _name_problems(schedule, values.get("name"))
    for name, check in CHECKS.items():
        if name in values and (why := check(values[name])):
            yield name, why
    if "calendars" in values:
        yield from (("calendars", why) for why in _calendar_problems(values["calendars"]))


def _name_problems(schedule: Schedule, name: Any) -> Problems:
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_LABEL:
        yield "name", f"Give a name of 1 to {LONGEST_LABEL} characters."
        return
    same = Schedule.objects.filter(template=schedule.template_id, name=name.strip())
    if same.exclude(pk=schedule.pk).exists():
        yield "name", "This template has a schedule of this name; choose another."


def _number(low: int, high: int) -> Callable[[Any], str | None]:
    why = f"Give a whole number from {low:,} to {high:,}."
    return lambda value: None if type(value) is int and low <= value <= high else why


def _one_of(known: list[str]) -> Callable[[Any], str | None]:
    return lambda value: None if value in known else unknown("word", str(value), known)


def _zone_problem(zone: Any) -> str | None:
    if not isinstance(zone, str):
        return "Give the name of a time zone, such as Europe/Berlin."
    return next(check_zone(zone), None)


def _once_problem(moment: Any) -> str | None:
    if moment is None or (isinstance(moment, datetime) and moment.tzinfo):
        return None
    return "Give a moment with its offset, such as 2026-12-24T18:00+01:00."


def _parameters_problem(parameters: Any) -> str | None:
    try:
        check_json_object(parameters)
    except ValidationError as exc:
        return f"{exc.messages[0]}."
    return next(check_expressions(parameters), None)


CHECKS: Mapping[str, Callable[[Any], str | None]] = {
    "cron": lambda cron: None if isinstance(cron, str | None) else "Give a text.",
    "zone": _zone_problem,
    "once_at": _once_problem,
    "parameters": _parameters_problem,
    "priority": _number(-HIGHEST_PRIORITY, HIGHEST_PRIORITY),
    "overlap": _one_of(Overlap.values),
    "catch_up": _one_of(CatchUp.values),
    "window_minutes": _number(1, LONGEST_WINDOW_MINUTES),
    "is_enabled": lambda value: None if isinstance(value, bool) else "Give true or false.",
}


def _calendar_problems(names: Any) -> Iterator[str]:
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        yield "Give a list of names of calendars."
        return
    known = {calendar.name for calendar in _calendars(names)}
    for name in names:
        if name not in known:
            yield unknown("calendar", name, list(Calendar.objects.values_list("name", flat=True)))


def _calendars(names: Sequence[str]) -> list[Calendar]:
    return list(Calendar.objects.filter(name__in=names))


def _tidied(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def _check_times(schedule: Schedule, values: Mapping[str, Any], now: datetime) -> None:
    if bool(schedule.cron) == bool(schedule.once_at):
        raise Invalid({"cron": [EITHER]})
    is_new_cron = schedule.cron and {"cron", "zone"} & values.keys()
    if is_new_cron and (problems := list(check_cron(schedule.cron, schedule.zone))):
        raise Invalid({"cron": problems})
    if values.get("once_at") and schedule.once_at and schedule.once_at <= now:
        raise Invalid({"once_at": ["This moment has passed; give a later one."]})


def _take_parameters(schedule: Schedule, given: dict[str, Any]) -> None:
    """
    Put parameters into a schedule; those that are secret, encrypted.

    A secret that is not named, or given as its mask, stays; null removes it.
    """
    secret = set(secret_names(schedule.template.parameters_schema))
    schedule.parameters = {name: value for name, value in given.items() if name not in secret}
    kept = {name: text for name, text in schedule.encrypted_secrets.items() if name in secret}
    for name in secret & given.keys():
        value = given[name]
        if value is None:
            kept.pop(name, None)
        elif not isinstance(value, str):
            raise Invalid({"parameters": [f"{name}: a secret must be a text"]})
        elif value != MASK or name not in kept:
            kept[name] = _encrypted(value)
    schedule.encrypted_secrets = kept


def _encrypted(value: str) -> str:
    try:
        return encryption.encrypt(value)
    except ValueError:
        raise Invalid({"parameters": [WRONG_KEYS]}) from None


def _check_parameters(schedule: Schedule, now: datetime) -> None:
    """Compare the parameters for the next moment with the template's schema."""
    moment = first_moment(schedule, now) or now
    check_parameters(schedule, schedule.template.parameters_schema, moment)
