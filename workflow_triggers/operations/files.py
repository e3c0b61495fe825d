"""
The section `schedules:` of a template's file: the schedules of the template, by their names.

A file without it leaves them alone. With it, those that it does not name are deleted, and what an
entry leaves out has its default. Whether one is enabled counts only if the schedule is new: no file
switches on what an operator has switched off. Secret parameters stand in no file, and stay.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from workflow_triggers.models import CatchUp, Overlap, Schedule
from workflow_triggers.models.schedule import A_DAY, LONGEST_WINDOW_MINUTES
from workflow_triggers.operations.schedules import (
    change_schedule,
    create_schedule,
    delete_schedule,
)
from workflow_triggers.rendering import utc_text
from workflows.authoring.sections import Section
from workflows.authoring.spec import TemplateSpec
from workflows.errors import Invalid, NotPermitted
from workflows.models import WorkflowTemplate
from workflows.models.actor import Actor
from workflows.payloads.suggestions import unknown

NAME = "schedules"
DEFAULTS: Mapping[str, Any] = {
    "cron": "",
    "once_at": None,
    "zone": "UTC",
    "parameters": {},
    "overlap": Overlap.SKIP.value,
    "catch_up": CatchUp.LATEST.value,
    "window_minutes": A_DAY,
    "calendars": [],
    "priority": 0,
}
"""What an entry need not say."""
KNOWN = ("name", *DEFAULTS, "enabled")
SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "description": "Its schedules by name; without this, they stay as they are.",
    "items": {
        "type": "object",
        "description": "One schedule: `cron`, or `once_at`.",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "description": "Unique in its template."},
            "cron": {"type": "string", "description": "A cron expression, or @daily."},
            "once_at": {
                "type": ["string", "null"],
                "description": "One moment, with its offset.",
            },
            "zone": {"type": "string", "description": "Its time zone, as IANA names it."},
            "parameters": {"type": "object", "description": "Of its runs."},
            "overlap": {"enum": Overlap.values, "description": "While an earlier run goes on."},
            "catch_up": {"enum": CatchUp.values, "description": "If nobody looked."},
            "window_minutes": {
                "type": "integer",
                "minimum": 1,
                "maximum": LONGEST_WINDOW_MINUTES,
                "description": "How long ago a moment may be that is caught up.",
            },
            "calendars": {
                "type": "array",
                "description": "The names of its calendars.",
                "items": {"type": "string"},
            },
            "priority": {"type": "integer", "description": "Among runs that wait."},
            "enabled": {"type": "boolean", "description": "Counts if the schedule is new."},
        },
    },
}


def problems(value: Any, spec: TemplateSpec) -> Iterator[str]:
    """Yield what is wrong with the shape of the section; its values are checked when stored."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        yield "Give a list of schedules, each with a name, and cron or once_at."
        return
    names = Counter(str(entry.get("name", "")).strip() for entry in value)
    for name, count in names.items():
        if not name:
            yield "Give each schedule a name."
        elif count > 1:
            yield f"{name}: there are {count} of this name."
    for entry in value:
        for field in entry.keys() - {*KNOWN}:
            yield f"{entry.get('name', '')}: {unknown('field', str(field), KNOWN)}"


def read(template: WorkflowTemplate) -> list[dict[str, Any]]:
    """Return the schedules of a template as a file has them."""
    found = Schedule.objects.filter(template=template).prefetch_related("calendars")
    return [_as_entry(schedule) for schedule in found.order_by("name")]


def store(template: WorkflowTemplate, value: list[dict[str, Any]], by: Actor) -> None:
    """
    Create, change and delete schedules, so that they are those of the file.

    :raises Invalid: naming the schedules and the fields that are wrong.
    :raises NotPermitted: if the user may not do that.
    """
    known = {each.name: each for each in Schedule.objects.filter(template=template)}
    wrong: list[str] = []
    for entry in value:
        name = str(entry["name"]).strip()
        try:
            _store_schedules(template, known.pop(name, None), {**entry, "name": name}, by)
        except Invalid as exc:
            wrong += [
                f"{name}: {field}: {why}" for field, texts in exc.fields.items() for why in texts
            ]
    if wrong:
        raise Invalid({NAME: wrong})
    for schedule in known.values():
        _allow(by, "delete")
        delete_schedule(schedule.pk, by=by)


def _store_schedules(
    template: WorkflowTemplate, schedule: Schedule | None, entry: dict[str, Any], by: Actor
) -> None:
    values = {**DEFAULTS, **entry, "once_at": _moment(entry.get("once_at"))}
    is_enabled = values.pop("enabled", True)
    if schedule is None:
        _allow(by, "add")
        create_schedule(template.pk, {**values, "is_enabled": is_enabled}, by=by)
    elif _as_entry(schedule) != {**entry, "enabled": False} and _as_entry(schedule) != entry:
        _allow(by, "change")
        if schedule.once_at and values["once_at"] == schedule.once_at:
            del values["once_at"], values["cron"]  # it may have passed meanwhile
        change_schedule(schedule.pk, values, by=by)


def _as_entry(schedule: Schedule) -> dict[str, Any]:
    values = {name: getattr(schedule, name) for name in DEFAULTS if name != "calendars"}
    values["once_at"] = schedule.once_at and utc_text(schedule.once_at)
    values["calendars"] = [calendar.name for calendar in schedule.calendars.all()]
    entry = {name: values[name] for name in DEFAULTS if values[name] != DEFAULTS[name]}
    return {"name": schedule.name, **entry, **({} if schedule.is_enabled else {"enabled": False})}


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value  # which is refused with its field
    return value


def _allow(by: Actor, verb: str) -> None:
    permission = f"workflow_triggers.{verb}_schedule"
    if not by.may(permission):
        raise NotPermitted(
            f"{NAME}: you do not have the permission {permission}; leave this section out."
        )


SCHEDULES = Section(NAME, SCHEMA, problems, read, store)
