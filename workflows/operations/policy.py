"""Change the operational settings of a template, which are no part of its versions."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from workflows.authoring.store import lock_template
from workflows.errors import Invalid
from workflows.models import EventType, TemplatePolicy
from workflows.models.actor import Actor
from workflows.runs.events import record

COLUMNS = ("keep_runs_days", "keep_logs_days")
MOST_DAYS = 36_500
WRONG = f"Give a number of days from 1 to {MOST_DAYS}, 0 for ever, or null as the setting says."


@transaction.atomic
def set_policy(template_id: int, settings: Mapping[str, Any], *, by: Actor) -> TemplatePolicy:
    """
    Change some settings of a template; what is not named stays. A repeated call leaves no event.

    They count at once, for the runs that there are, too.

    :raises NotFound: if there is no such template.
    :raises Invalid: naming the settings that are wrong.
    """
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
