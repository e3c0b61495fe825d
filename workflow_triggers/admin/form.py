"""The form of a schedule: what it may be is checked by the operation that stores it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from workflow_triggers.models import Calendar, Schedule
from workflow_triggers.models.schedule import LONGEST_CRON, LONGEST_ZONE
from workflow_triggers.models.trigger import LONGEST_LABEL
from workflow_triggers.moments import check_zone
from workflows.admin.ui.base import RefusableForm
from workflows.admin.ui.fields import JSONObjectFormField
from workflows.models import WorkflowTemplate
from workflows.payloads.secrets import MASK

VALUES = (
    "name", "cron", "zone", "once_at", "parameters", "overlap", "catch_up", "window_minutes",
    "calendars", "priority", "is_enabled",
)  # fmt: skip
"""The fields that the operation takes."""
PLAIN = {"class": "vTextField", "spellcheck": "false", "autocomplete": "off"}
LOCAL = "%Y-%m-%dT%H:%M"


class ScheduleForm(RefusableForm):
    """When a template is run, with what, and what happens when that is not possible."""

    template = forms.ModelChoiceField(
        WorkflowTemplate.objects.order_by("name"), help_text="Its latest version is run each time."
    )
    name = forms.CharField(
        max_length=LONGEST_LABEL,
        widget=forms.TextInput(PLAIN),
        help_text="Unique in its template: nightly.",
    )
    cron = forms.CharField(
        label="Cron expression",
        required=False,
        max_length=LONGEST_CRON,
        widget=forms.TextInput({**PLAIN, "placeholder": "0 2 * * 1-5"}),
        help_text="Minute, hour, day, month, day of the week: 0 2 * * 1-5 is 02:00 "
        "from Monday to Friday; or @daily and the like.",
    )
    zone = forms.CharField(
        label="Time zone",
        max_length=LONGEST_ZONE,
        widget=forms.TextInput({**PLAIN, "list": "zones"}),
        help_text="As IANA names it: Europe/Berlin.",
    )
    once_at = forms.DateTimeField(
        label="Or once at",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=LOCAL),
        help_text="One moment in that time zone, instead of a cron expression.",
    )
    parameters = JSONObjectFormField(
        widget=forms.Textarea({"rows": 4, "cols": 80, "class": "json", "spellcheck": "false"}),
        help_text='A JSON object such as {"day": "{{ moment.date }}"}: {{ moment }} is the moment '
        "for which a run is made. Empty: the template's defaults.",
    )
    calendars = forms.ModelMultipleChoiceField(
        Calendar.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="At what they exclude, no run is made.",
    )

    class Meta:
        model = Schedule
        fields = ("template", *VALUES)
        labels = {
            "overlap": "If one is still going",
            "catch_up": "If nobody looked",
            "window_minutes": "Catch up within (minutes)",
            "is_enabled": "Enabled",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the moment of a schedule in its zone, and its secrets as masks."""
        super().__init__(*args, **kwargs)
        schedule = self.instance
        if schedule.pk and "template" in self.fields:
            self.fields["template"].disabled = True
            if schedule.once_at:
                local = schedule.once_at.astimezone(ZoneInfo(schedule.zone))
                self.initial["once_at"] = local.replace(tzinfo=None)
            masks = dict.fromkeys(schedule.encrypted_secrets, MASK)
            self.initial["parameters"] = {**schedule.parameters, **masks}

    def clean_zone(self) -> str:
        """Return the name of a zone that there is: the moment is read in it."""
        zone: str = self.cleaned_data["zone"]
        if problems := list(check_zone(zone)):
            raise ValidationError(problems)
        return zone

    def clean_once_at(self) -> datetime | None:
        """Return the moment in the zone of the schedule."""
        moment: datetime | None = self.cleaned_data["once_at"]
        zone = self.cleaned_data.get("zone")
        if moment is None or zone is None:
            return None
        return moment.replace(tzinfo=ZoneInfo(zone))

    def values(self) -> dict[str, Any]:
        """Return what the operation takes."""
        found = {name: self.cleaned_data[name] for name in VALUES}
        return {**found, "calendars": [each.name for each in found["calendars"]]}

    def _post_clean(self) -> None:
        """Leave the schedule as it is: the operation changes it, under its lock."""
