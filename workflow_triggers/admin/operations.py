"""The operations on schedules that the admin offers: their labels, questions and messages."""

from collections.abc import Sequence
from functools import partial

from django.contrib import messages
from django.utils.html import format_html

from workflow_triggers.models import Occurrence, Schedule
from workflow_triggers.operations import checks, schedules
from workflows.admin.actions.forms import ReasonForm, RequiredReasonForm
from workflows.admin.actions.registry import AdminOperation
from workflows.admin.actions.results import Message
from workflows.admin.ui.display import run_link
from workflows.operations.catalog import Operation


def describe_fired(occurrence: Occurrence) -> Message:
    """Name the run that was made, or say why there is none."""
    if occurrence.run_id:
        return messages.SUCCESS, format_html("Started {}.", run_link(occurrence.run_id))
    return messages.WARNING, f"No run was made: {occurrence.reason or occurrence.outcome}."


def describe_switched(schedule: Schedule) -> Message:
    """Say what a schedule does from now on."""
    word = "enabled" if schedule.is_enabled else "disabled"
    return messages.SUCCESS, f"Schedule {schedule} is {word}."


FIRE = AdminOperation(
    Operation("fire", "Fire now", schedules.fire_now, checks.check_fire),
    describe_fired,
    wording="Fire {} now",
    icon="play",
)
ENABLE = AdminOperation(
    Operation(
        "enable", "Enable", partial(schedules.set_enabled, is_enabled=True), checks.check_enable
    ),
    describe_switched,
    ReasonForm,
    "Its moments count from now on. What has passed is not fired.",
    icon="play",
)
DISABLE = AdminOperation(
    Operation(
        "disable", "Disable", partial(schedules.set_enabled, is_enabled=False), checks.check_disable
    ),
    describe_switched,
    RequiredReasonForm,
    "It makes no run until somebody enables it. Runs that wait for an earlier one are canceled; "
    "runs under way go on.",
)
OPERATIONS: Sequence[AdminOperation] = (FIRE, ENABLE, DISABLE)
