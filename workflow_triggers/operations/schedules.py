"""Operations on schedules: create, change, delete, enable and disable, fire, resume from now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from workflow_triggers.locks import lock_schedule
from workflow_triggers.models import Occurrence, Schedule
from workflow_triggers.moments import first_moment
from workflow_triggers.operations.checks import check_disable, check_enable, check_fire
from workflow_triggers.operations.values import PLAIN_FIELDS, TIMES, apply_values
from workflow_triggers.runs import fire_by_hand
from workflow_triggers.trail import record_schedule
from workflow_triggers.writing_off import cancel_queued, write_off
from workflows.authoring.store import lock_template
from workflows.db.doors import nestable
from workflows.models.actor import Actor, By, as_actor
from workflows.models.bounds import cut
from workflows.operations.checks import enforce

NAMED_IN_EVENT = (*PLAIN_FIELDS, "parameters")
CHANGED = "the schedule was changed before anybody looked"
DISABLED = "the schedule was disabled before anybody looked"
RESUMED = "resumed from now by {}"


@nestable
def create_schedule(
    template_id: int, values: Mapping[str, Any], *, by: By, now: datetime | None = None
) -> Schedule:
    """
    Create a schedule of a template; its first moment is the next one.

    :raises NotFound: if there is no such template.
    :raises Invalid: naming each field that is wrong.
    """
    by, now = as_actor(by), now or timezone.now()
    schedule = Schedule(template=lock_template(template_id), settled_until=now)
    calendars = apply_values(schedule, values, now=now)
    _sign(schedule, by)
    schedule.next_at = first_moment(schedule, now) if schedule.is_enabled else None
    schedule.save()
    schedule.calendars.set(calendars or [])
    record_schedule("created", schedule, by=by, values=_shown(schedule))
    return schedule


@nestable
def change_schedule(
    schedule_id: int, values: Mapping[str, Any], *, by: By, now: datetime | None = None
) -> Schedule:
    """
    Change a schedule; what is not named stays. A repeated call changes nothing.

    New times count from now on: what fell due before is written off, not fired.

    :raises NotFound: if there is no such schedule.
    :raises Invalid: naming each field that is wrong.
    """
    by, now = as_actor(by), now or timezone.now()
    schedule = lock_schedule(schedule_id)
    before, secrets_before = _shown(schedule), schedule.encrypted_secrets
    pending = Schedule.objects.get(pk=schedule_id)
    calendars = apply_values(schedule, values, now=now)
    after, secrets = _shown(schedule), schedule.encrypted_secrets
    changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if secrets != secrets_before:
        changed["secrets"] = [sorted(secrets_before), sorted(secrets)]
    if calendars is not None and {*calendars} != {*schedule.calendars.all()}:
        names = schedule.calendars.values_list("name", flat=True)
        changed["calendars"] = [sorted(names), sorted(each.name for each in calendars)]
        schedule.calendars.set(calendars)
    if not changed:
        return schedule
    if {"is_enabled", *TIMES} & changed.keys():
        write_off(pending, now, CHANGED, by=by)
        _count_from(schedule, now)
    _sign(schedule, by)
    schedule.save()
    record_schedule("changed", schedule, by=by, changed=changed)
    return schedule


@nestable
def delete_schedule(schedule_id: int, *, by: By) -> None:
    """
    Delete a schedule with its occurrences; the runs that it has made stay.

    :raises NotFound: if there is no such schedule.
    """
    by = as_actor(by)
    schedule = lock_schedule(schedule_id)
    record_schedule("deleted", schedule, by=by, values=_shown(schedule))
    schedule.delete()


@nestable
def set_enabled(
    schedule_id: int,
    is_enabled: bool,
    *,
    by: By,
    reason: str = "",
    now: datetime | None = None,
) -> Schedule:
    """
    Enable or disable a schedule; its moments count from then on, and what has passed is not fired.

    :raises NotFound: if there is no such schedule.
    :raises WrongState: if it is so already.
    """
    by, now = as_actor(by), now or timezone.now()
    schedule = lock_schedule(schedule_id)
    enforce((check_enable if is_enabled else check_disable)(schedule, by))
    if not is_enabled:
        write_off(schedule, now, DISABLED, by=by)
        cancel_queued(schedule, f"the schedule was disabled by {by}")
    schedule.is_enabled = is_enabled
    _count_from(schedule, now)
    schedule.switched_at, schedule.switched_by, schedule.switch_reason = now, by.name, cut(reason)
    schedule.save()
    record_schedule("enabled" if is_enabled else "disabled", schedule, by=by, reason=reason)
    return schedule


@nestable
def fire_now(schedule_id: int, *, by: By, now: datetime | None = None) -> Occurrence:
    """
    Make a run of a schedule at once, for this moment, whatever else is going on.

    Whoever fires it is the creator of the run.

    :raises NotFound: if there is no such schedule.
    :raises Invalid: if the template does not take its parameters.
    """
    by, now = as_actor(by), now or timezone.now()
    schedule = lock_schedule(schedule_id)
    enforce(check_fire(schedule, by))
    occurrence = fire_by_hand(schedule, now, by=by)
    record_schedule("fired", schedule, by=by, run_id=occurrence.run_id)
    return occurrence


def resume_from_now(*, by: By, now: datetime | None = None) -> int:
    """
    Write off what every enabled schedule has not fired yet: after a backup was restored.

    One transaction for each schedule; a repeated call finds nothing more.

    :returns: how many schedules had something to be written off.
    """
    by, now = as_actor(by), now or timezone.now()
    ids = Schedule.objects.enabled().order_by("pk").values_list("pk", flat=True)
    return sum(_resume(pk, now, by=by) for pk in list(ids))


@nestable
def _resume(schedule_id: int, now: datetime, *, by: Actor) -> bool:
    schedule = lock_schedule(schedule_id)
    reason = RESUMED.format(by)
    written_off = write_off(schedule, now, reason, by=by)
    canceled = cancel_queued(schedule, reason, with_backfills=True)
    _count_from(schedule, now)
    schedule.save(update_fields=["settled_until", "next_at"])
    return bool(written_off or canceled)


def _count_from(schedule: Schedule, now: datetime) -> None:
    """Have the moments of a schedule count from now on."""
    schedule.settled_until = now
    schedule.next_at = first_moment(schedule, now) if schedule.is_enabled else None
    schedule.failures, schedule.trouble, schedule.rests_until = 0, "", None


def _sign(schedule: Schedule, by: Actor) -> None:
    schedule.changed_by, schedule.changed_by_user = by.name, by.user
    schedule.changed_by_via = by.via


def _shown(schedule: Schedule) -> dict[str, Any]:
    """Return what an event tells of a schedule; secrets are not among it."""
    shown = {name: getattr(schedule, name) for name in NAMED_IN_EVENT}
    return {**shown, "once_at": schedule.once_at and schedule.once_at.isoformat()}
