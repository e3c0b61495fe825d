"""Change the operational settings of a template, which are no part of its versions."""

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.authoring.sections import Section
from workflows.authoring.spec import TemplateSpec
from workflows.authoring.store import lock_template
from workflows.db.doors import nestable
from workflows.errors import Invalid
from workflows.models import EventType, TemplatePolicy, WorkflowTemplate
from workflows.models.actor import Actor, By, as_actor
from workflows.models.policy import KEEP_LOGS, KEEP_RUNS, MOST_DAYS
from workflows.payloads.suggestions import unknown
from workflows.runs.events import record

COLUMNS = ("keep_runs_days", "keep_logs_days")
WRONG = f"Give a number of days from 1 to {MOST_DAYS}, 0 forever, or null as the setting says."


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
        policy.save()
        changed = {
            name: [before[name], after[name]] for name in COLUMNS if before[name] != after[name]
        }
        payload = {"template_id": template.pk, "name": template.name, "changed": changed}
        record(EventType.RETENTION_CHANGED, by=by, payload=payload)
    return policy


def policy_of(template_id: int) -> TemplatePolicy:
    """Return the settings of a template, stored or not."""
    found = TemplatePolicy.objects.filter(pk=template_id).first()
    return found or TemplatePolicy(template_id=template_id)


def settings_of(policy: TemplatePolicy) -> dict[str, int | None]:
    """Return the settings by name."""
    return {name: getattr(policy, name) for name in COLUMNS}


def check_settings(settings: Mapping[str, Any]) -> None:
    """
    Refuse settings that are no numbers of days.

    :raises Invalid: naming each.
    """
    wrong = {name: [WRONG] for name, value in settings.items() if not _is_possible(value)}
    if wrong:
        raise Invalid(wrong)


def _is_possible(value: Any) -> bool:
    return value is None or (type(value) is int and 0 <= value <= MOST_DAYS)


def _problems_of_retention(content: Any, spec: TemplateSpec) -> Iterator[str]:
    if not isinstance(content, dict):
        yield f"must be an object with {' or '.join(COLUMNS)}"
        return
    for name, value in content.items():
        if name not in COLUMNS:
            yield f"{name}: {unknown('field', str(name), COLUMNS)}"
        elif not _is_possible(value):
            yield f"{name}: {WRONG}"


def _read_retention(template: WorkflowTemplate) -> dict[str, int]:
    """Return the settings that differ from those of the installation."""
    settings = settings_of(policy_of(template.pk))
    return {name: days for name, days in settings.items() if days is not None}


def _store_retention(template: WorkflowTemplate, content: dict[str, Any], by: Actor) -> None:
    """Store the settings; what is not named is as the installation says."""
    set_policy(template.pk, {**dict.fromkeys(COLUMNS), **content}, by=by)


DAYS = {"type": ["integer", "null"], "minimum": 0, "maximum": MOST_DAYS}
RETENTION = Section(
    "retention",
    {
        "type": "object",
        "description": "How long its runs are kept; what is not named is as the settings say.",
        "properties": {
            "keep_runs_days": {**DAYS, "description": KEEP_RUNS},
            "keep_logs_days": {**DAYS, "description": KEEP_LOGS},
        },
        "additionalProperties": False,
    },
    _problems_of_retention,
    _read_retention,
    _store_retention,
)
