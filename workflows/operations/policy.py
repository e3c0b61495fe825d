"""Change the operational settings of a template, which are no part of its versions."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from runners import transaction
from workflows.authoring.sections import Section
from workflows.authoring.spec import TemplateSpec
from workflows.authoring.store import lock_template
from workflows.db.doors import nestable
from workflows.dispatch.auto_dispatch import begin_waiting
from workflows.dispatch.background import submit_in_background
from workflows.errors import Invalid
from workflows.models import EventType, NamedLock, TemplatePolicy, WorkflowTemplate
from workflows.models.actor import Actor, By, as_actor
from workflows.models.policy import (
    EXPECTED_MINUTES,
    KEEP_LOGS,
    KEEP_RUNS,
    LATE_AT_USUAL,
    LOCKS,
    LONGEST_LOCK,
    MAX_ACTIVE,
    MOST_ACTIVE,
    MOST_DAYS,
    MOST_MINUTES,
)
from workflows.payloads.suggestions import unknown
from workflows.runs.events import record

COLUMNS = ("keep_runs_days", "keep_logs_days")
LIMITS = ("max_active_runs", "locks", "expected_minutes", "late_at_usual")
MOST_LOCKS = 20
WRONG_DAYS = f"Give a number of days from 1 to {MOST_DAYS}, 0 forever, or null as the setting says."
WRONG_NUMBER = "Give a whole number from 1 to {}, or null for none."
WRONG_LOCKS = (
    f"Give a list of at most {MOST_LOCKS} different names, each of letters, digits, dots, "
    f"underscores and hyphens, and at most {LONGEST_LOCK} characters."
)


class _Setting(NamedTuple):
    is_possible: Callable[[Any], bool]
    wrong: str
    default: Any = None


def _is_number(value: Any, first: int, last: int) -> bool:
    return value is None or (type(value) is int and first <= value <= last)


def _are_locks(value: Any) -> bool:
    if not isinstance(value, list) or len(value) > MOST_LOCKS:
        return False
    return all(map(_is_lock, value)) and len(set(value)) == len(value)


def _is_lock(name: Any) -> bool:
    plain = isinstance(name, str) and name.isascii() and 0 < len(name) <= LONGEST_LOCK
    return plain and all(each.isalnum() or each in "._-" for each in name)


_DAYS = _Setting(partial(_is_number, first=0, last=MOST_DAYS), WRONG_DAYS)
_SETTINGS = {
    **dict.fromkeys(COLUMNS, _DAYS),
    "max_active_runs": _Setting(
        partial(_is_number, first=1, last=MOST_ACTIVE), WRONG_NUMBER.format(MOST_ACTIVE)
    ),
    "locks": _Setting(_are_locks, WRONG_LOCKS, []),
    "expected_minutes": _Setting(
        partial(_is_number, first=1, last=MOST_MINUTES), WRONG_NUMBER.format(MOST_MINUTES)
    ),
    "late_at_usual": _Setting(lambda value: isinstance(value, bool), "Give true or false.", False),
}
_EVENTS = {EventType.RETENTION_CHANGED: COLUMNS, EventType.LIMITS_CHANGED: LIMITS}


@nestable
def set_policy(template_id: int, settings: Mapping[str, Any], *, by: By) -> TemplatePolicy:
    """
    Change some settings of a template; what is not named stays. A repeated call leaves no event.

    They count at once, for the runs that there are, too.

    :raises NotFound: if there is no such template.
    :raises Invalid: naming the settings that are wrong.
    """
    by = as_actor(by)
    check_settings(settings)
    template = lock_template(template_id)
    policy = policy_of(template_id)
    before = settings_of(policy)
    if (after := {**before, **settings}) != before:
        for name, value in settings.items():
            setattr(policy, name, value)
        _make_locks(policy)
        policy.save()
        _record(template, before, after, by=by)
    return policy


def policy_of(template_id: int) -> TemplatePolicy:
    """Return the settings of a template, stored or not."""
    found = TemplatePolicy.objects.filter(pk=template_id).first()
    return found or TemplatePolicy(template_id=template_id)


def settings_of(policy: TemplatePolicy) -> dict[str, Any]:
    """Return the settings by name."""
    return {name: getattr(policy, name) for name in _SETTINGS}


def check_settings(settings: Mapping[str, Any]) -> None:
    """
    Refuse settings that are not what they are meant to be.

    :raises Invalid: naming each.
    """
    wrong = {
        name: [text] for name in settings if (text := _wrong(name, settings, tuple(_SETTINGS)))
    }
    if wrong:
        raise Invalid(wrong)


def _wrong(name: str, settings: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return what is wrong with one of the settings; empty if nothing is."""
    if name not in names:
        return unknown("field", str(name), names)
    return "" if _SETTINGS[name].is_possible(settings[name]) else _SETTINGS[name].wrong


def _make_locks(policy: TemplatePolicy) -> None:
    """Make the rows of its locks, before any run can need them; in order, as they are locked."""
    NamedLock.objects.bulk_create(map(NamedLock, policy.lock_names), ignore_conflicts=True)


def _record(
    template: WorkflowTemplate, before: Mapping[str, Any], after: Mapping[str, Any], *, by: Actor
) -> None:
    for event_type, names in _EVENTS.items():
        changed = {n: [before[n], after[n]] for n in names if before[n] != after[n]}
        if changed:
            payload = {"template_id": template.pk, "name": template.name, "changed": changed}
            record(event_type, by=by, payload=payload)
    if any(before[name] != after[name] for name in LIMITS):
        transaction.on_commit(lambda: begin_waiting(by=by, send=submit_in_background), robust=True)


def _problems(content: Any, spec: TemplateSpec, *, names: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(content, dict):
        yield f"must be an object with {' or '.join(names)}"
        return
    for name in content:
        if wrong := _wrong(name, content, names):
            yield f"{name}: {wrong}"


def _read_section(template: WorkflowTemplate, *, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the settings that are not as they are by default."""
    settings = settings_of(policy_of(template.pk))
    return {n: settings[n] for n in names if settings[n] != _SETTINGS[n].default}


def _store_section(
    template: WorkflowTemplate, content: dict[str, Any], by: Actor, *, names: tuple[str, ...]
) -> None:
    """Store the settings; what is not named is as it is by default."""
    set_policy(template.pk, {**{n: _SETTINGS[n].default for n in names}, **content}, by=by)


def _section(
    name: str, description: str, names: tuple[str, ...], properties: Mapping[str, Any]
) -> Section:
    return Section(
        name,
        {
            "type": "object",
            "description": description,
            "properties": properties,
            "additionalProperties": False,
        },
        partial(_problems, names=names),
        partial(_read_section, names=names),
        partial(_store_section, names=names),
    )


def _numbers(first: int, last: int, description: str) -> dict[str, Any]:
    return {
        "type": ["integer", "null"],
        "minimum": first,
        "maximum": last,
        "description": description,
    }


RETENTION = _section(
    "retention",
    "How long its runs are kept; what is not named is as the settings say.",
    COLUMNS,
    {
        "keep_runs_days": _numbers(0, MOST_DAYS, KEEP_RUNS),
        "keep_logs_days": _numbers(0, MOST_DAYS, KEEP_LOGS),
    },
)
LIMITS_SECTION = _section(
    "limits",
    "How many of its runs are active at the same time, and when one is late.",
    LIMITS,
    {
        "max_active_runs": _numbers(1, MOST_ACTIVE, MAX_ACTIVE),
        "locks": {
            "type": "array",
            "items": {"type": "string", "maxLength": LONGEST_LOCK, "pattern": "^[A-Za-z0-9._-]+$"},
            "maxItems": MOST_LOCKS,
            "uniqueItems": True,
            "description": LOCKS,
        },
        "expected_minutes": _numbers(1, MOST_MINUTES, EXPECTED_MINUTES),
        "late_at_usual": {"type": "boolean", "description": LATE_AT_USUAL},
    },
)
