"""Bodies and responses of `/calendars`."""

from typing import Any, ClassVar

from rest_framework import serializers

from workflow_triggers.models import Calendar
from workflow_triggers.operations.calendars import LONGEST_ICAL, LONGEST_NAME
from workflows.api.serializers.base import RowAnswer, StrictCharField, StrictSerializer

TEXTS = {field.name: getattr(field, "help_text", "") for field in Calendar._meta.get_fields()}
NAME = "By which schedules name it."
DESCRIPTION = "What it is for."
ICAL = "An iCalendar file (.ics), whose events become days and spans; instead of these."


class CalendarAnswer(RowAnswer[Calendar]):
    """Days and times at which schedules make no run."""

    schedules = serializers.SerializerMethodField(help_text="The ids of the schedules with it.")
    days = serializers.ListField(help_text=TEXTS["days"])
    spans = serializers.ListField(help_text=TEXTS["spans"])
    weekly = serializers.ListField(help_text=TEXTS["weekly"])

    class Meta:
        model = Calendar
        fields: ClassVar = [
            "id",
            "name",
            "description",
            "days",
            "spans",
            "weekly",
            "schedules",
            "created_at",
            "changed_at",
        ]
        extra_kwargs: ClassVar = {
            "name": {"help_text": NAME},
            "description": {"help_text": DESCRIPTION},
            "changed_at": {"help_text": "When it last changed."},
        }

    def get_schedules(self, calendar: Calendar) -> list[int]:
        """Return the ids of the schedules that have it."""
        return [schedule.pk for schedule in calendar.schedules.all()]


class CalendarChangesBody(StrictSerializer):
    """What is to change about a calendar; what is not named stays."""

    name = StrictCharField(required=False, max_length=LONGEST_NAME, help_text=NAME)
    description = StrictCharField(required=False, allow_blank=True, help_text=DESCRIPTION)
    days = serializers.ListField(required=False, help_text=TEXTS["days"])
    spans = serializers.ListField(required=False, help_text=TEXTS["spans"])
    weekly = serializers.ListField(required=False, help_text=TEXTS["weekly"])
    ical = StrictCharField(required=False, max_length=LONGEST_ICAL, help_text=ICAL)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse days and spans beside an iCalendar, which has both."""
        if "ical" in attrs and {"days", "spans"} & attrs.keys():
            raise serializers.ValidationError(
                {"ical": ["Give either ical, or days and spans, not both."]}
            )
        return attrs


class CalendarBody(CalendarChangesBody):
    """A calendar."""

    name = StrictCharField(max_length=LONGEST_NAME, help_text=NAME)
