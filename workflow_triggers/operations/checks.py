"""When an operation on a schedule is refused, and with which words; as `workflows` does it."""

from workflow_triggers.models import Backfill, Outcome, Schedule
from workflows.errors import WrongState
from workflows.models.actor import Actor
from workflows.operations.checks import Refusal


def check_fire(schedule: Schedule, by: Actor) -> Refusal:
    """Refuse nothing: a schedule that is disabled may be tried by hand, too."""
    return None


def check_enable(schedule: Schedule, by: Actor) -> Refusal:
    """Refuse a schedule that is enabled."""
    return WrongState(f"schedule {schedule} is enabled") if schedule.is_enabled else None


def check_disable(schedule: Schedule, by: Actor) -> Refusal:
    """Refuse a schedule that is disabled."""
    return None if schedule.is_enabled else WrongState(f"schedule {schedule} is disabled")


def check_cancel_backfill(backfill: Backfill, by: Actor) -> Refusal:
    """Refuse a backfill that is canceled, and one whose runs are all made."""
    if backfill.canceled_at:
        return WrongState(f"{backfill} is canceled")
    if backfill.occurrences.filter(outcome=Outcome.QUEUED).exists():
        return None
    return WrongState(f"{backfill} has nothing left to be made")
