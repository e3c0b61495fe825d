"""Bodies and responses about schedules and what became of their moments."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from rest_framework import serializers

from workflow_triggers.models import CatchUp, Occurrence, Overlap, Schedule
from workflow_triggers.models.schedule import LONGEST_WINDOW_MINUTES
from workflow_triggers.models.trigger import LONGEST_LABEL
from workflow_triggers.moments import exclusion, next_moments, words
from workflows.api.serializers.base import (
    Moment,
    ObjectField,
    RowAnswer,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from workflows.models.queued import HIGHEST_PRIORITY
from workflows.payloads.secrets import MASK

TEXTS = {field.name: getattr(field, "help_text", "") for field in Schedule._meta.get_fields()}
SHOWN_MOMENTS = 5
MOST_MOMENTS = 100
WORDS = "The cron expression in words; empty if it has one moment only."
LOCAL = "The same moment in the schedule's time zone."
EXCLUDED = "Why a calendar excludes it; null: it does not."
GONE = "The user who changed it last is inactive or was deleted. It goes on all the same."
PARAMETERS = "Of its runs, with {{ moment }} in them. Secrets are shown masked; null removes one."


class MomentAnswer(serializers.Serializer[Any]):
    """A moment of a schedule."""

    moment = Moment(help_text="In UTC.")
    local = serializers.CharField(help_text=LOCAL)
    excluded = serializers.CharField(allow_null=True, help_text=EXCLUDED)


class OccurrenceAnswer(RowAnswer[Occurrence]):
    """One moment of a schedule, with its run or the reason why there is none."""

    schedule_id = serializers.IntegerField(help_text="The schedule.")
    backfill_id = serializers.IntegerField(
        allow_null=True, help_text="The backfill that asked for it."
    )

    class Meta:
        model = Occurrence
        fields: ClassVar = [
            "id",
            "schedule_id",
            "moment",
            "last_moment",
            "count",
            "cause",
            "outcome",
            "reason",
            "run_id",
            "backfill_id",
            "created_at",
            "decided_at",
        ]
        extra_kwargs: ClassVar = {
            "count": {"help_text": "For how many moments it stands."},
            "cause": {"help_text": "Why there is one: its time came, a backfill, or by hand."},
            "outcome": {"help_text": "What became of it; all but `queued` is final."},
            "reason": {"help_text": "Why there is no run; empty if there is one."},
            "run_id": {"help_text": "The run that it has made."},
        }


class ScheduleAnswer(RowAnswer[Schedule]):
    """At which moments a template is run."""

    workflow_template_id = serializers.IntegerField(
        source="template_id", help_text="The template whose runs it makes."
    )
    words = serializers.SerializerMethodField(help_text=WORDS)
    parameters = serializers.SerializerMethodField(help_text=PARAMETERS)
    calendars = serializers.SerializerMethodField(help_text=TEXTS["calendars"])
    next_moments = serializers.SerializerMethodField(
        help_text="The next five; none while it is disabled."
    )
    changer_is_gone = serializers.SerializerMethodField(help_text=GONE)
    last_occurrence = serializers.SerializerMethodField(
        help_text="What became of its latest moment; null: none has come yet."
    )

    class Meta:
        model = Schedule
        fields: ClassVar = [
            "id",
            "workflow_template_id",
            "name",
            "cron",
            "words",
            "once_at",
            "zone",
            "parameters",
            "overlap",
            "catch_up",
            "window_minutes",
            "calendars",
            "priority",
            "is_enabled",
            "next_moments",
            "last_occurrence",
            "switched_at",
            "switched_by",
            "switch_reason",
            "changed_by",
            "changed_at",
            "changer_is_gone",
            "created_at",
        ]
        extra_kwargs: ClassVar = {
            "name": {"help_text": TEXTS["name"]},
            "is_enabled": {"help_text": "Its moments make runs."},
            "switched_at": {"help_text": "When it was enabled or disabled last."},
            "switched_by": {"help_text": "Who did that."},
            "switch_reason": {"help_text": "Why."},
            "changed_by": {"help_text": "Who changed it last: counts as the creator of its runs."},
            "changed_at": {"help_text": "When it last changed."},
        }

    def get_words(self, schedule: Schedule) -> str:
        """Return the cron expression in words."""
        return words(schedule.cron) if schedule.cron else ""

    def get_parameters(self, schedule: Schedule) -> dict[str, Any]:
        """Return the parameters, secrets masked."""
        return {**schedule.parameters, **dict.fromkeys(schedule.encrypted_secrets, MASK)}

    def get_calendars(self, schedule: Schedule) -> list[str]:
        """Return the names of its calendars."""
        return [calendar.name for calendar in schedule.calendars.all()]

    def get_next_moments(self, schedule: Schedule) -> MomentAnswer(many=True):  # type: ignore[valid-type]
        """Return the next five moments."""
        if not schedule.is_enabled:
            return []
        return moments_of(schedule, timezone.now(), SHOWN_MOMENTS)

    def get_changer_is_gone(self, schedule: Schedule) -> bool:
        """Return True if the user who changed it last is no longer active."""
        keys: set[str] = self.context["active_users"]
        return bool(schedule.changed_by_user) and schedule.changed_by_user not in keys

    def get_last_occurrence(self, schedule: Schedule) -> OccurrenceAnswer(allow_null=True):  # type: ignore[valid-type]
        """Return what became of the latest moment."""
        last = self.context["last_occurrences"].get(schedule.pk)
        return OccurrenceAnswer(last).data if last else None


def moments_of(schedule: Schedule, after: datetime, count: int) -> Any:
    """Return the next moments of a schedule, each with its local time."""
    calendars = list(schedule.calendars.all()) if schedule.pk else []
    rows = [
        {
            "moment": moment,
            "local": moment.astimezone(ZoneInfo(schedule.zone)).isoformat(),
            "excluded": exclusion(calendars, moment, schedule.zone),
        }
        for moment in next_moments(schedule, after.astimezone(UTC), count)
    ]
    return MomentAnswer(rows, many=True).data


def related_to(schedules: Sequence[Schedule]) -> dict[str, Any]:
    """Return what the answers about schedules need besides them; three statements."""
    latest = Occurrence.objects.filter(schedule=OuterRef("pk")).order_by("-moment", "-id")
    named = Schedule.objects.filter(pk__in=[each.pk for each in schedules])
    ids = named.values_list(Subquery(latest.values("pk")[:1]), flat=True)
    last = Occurrence.objects.filter(pk__in=[pk for pk in ids.order_by() if pk])
    return {
        "last_occurrences": {each.schedule_id: each for each in last},
        "active_users": _active_users({each.changed_by_user for each in schedules}),
    }


def _active_users(keys: set[str]) -> set[str]:
    """Return the keys of those users who are still there, and active."""
    users = get_user_model()._default_manager
    key = get_user_model()._meta.pk
    readable = []
    for each in keys - {""}:
        with suppress(ValidationError):  # a key of another kind of users
            readable.append(key.to_python(each))
    return {str(user.pk) for user in users.filter(pk__in=readable) if user.is_active}


class ScheduleChangesBody(StrictSerializer):
    """What is to change about a schedule; what is not named stays."""

    name = StrictCharField(required=False, max_length=LONGEST_LABEL, help_text=TEXTS["name"])
    cron = StrictCharField(required=False, allow_blank=True, help_text=TEXTS["cron"])
    once_at = Moment(required=False, allow_null=True, help_text=TEXTS["once_at"])
    zone = StrictCharField(required=False, help_text=TEXTS["zone"])
    parameters = ObjectField(required=False, help_text=PARAMETERS)
    overlap = StrictCharField(
        required=False, help_text=f"{TEXTS['overlap']} One of {', '.join(Overlap.values)}."
    )
    catch_up = StrictCharField(
        required=False, help_text=f"{TEXTS['catch_up']} One of {', '.join(CatchUp.values)}."
    )
    window_minutes = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST_WINDOW_MINUTES,
        help_text=TEXTS["window_minutes"],
    )
    calendars = serializers.ListField(
        child=StrictCharField(), required=False, help_text="The names of its calendars."
    )
    priority = StrictIntegerField(
        required=False,
        min_value=-HIGHEST_PRIORITY,
        max_value=HIGHEST_PRIORITY,
        help_text=TEXTS["priority"],
    )


class ScheduleBody(ScheduleChangesBody):
    """A schedule: either `cron` or `once_at`."""

    workflow_template_id = StrictIntegerField(help_text="The template whose runs it makes.")
    name = StrictCharField(max_length=LONGEST_LABEL, help_text=TEXTS["name"])
    is_enabled = StrictBooleanField(
        required=False, help_text="False: it makes no runs until somebody enables it."
    )


class CountQuery(StrictSerializer):
    """How many moments."""

    count = serializers.IntegerField(
        required=False,
        default=SHOWN_MOMENTS,
        min_value=1,
        max_value=MOST_MOMENTS,
        help_text="How many moments; five if it is left out.",
    )


class PreviewQuery(CountQuery):
    """A cron expression in a time zone."""

    cron = serializers.CharField(help_text=TEXTS["cron"])
    zone = serializers.CharField(required=False, default="UTC", help_text=TEXTS["zone"])


class MomentsAnswer(serializers.Serializer[Any]):
    """The next moments of a schedule, or of a cron expression."""

    words = serializers.CharField(help_text=WORDS)
    zone = serializers.CharField(help_text="The time zone.")
    moments = MomentAnswer(many=True, help_text="The next ones.")
