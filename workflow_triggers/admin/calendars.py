"""Calendars in the admin: days and times without runs, also from an iCalendar file."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse

from workflow_triggers.models import Calendar
from workflow_triggers.operations.calendars import delete_calendar, import_ical, save_calendar
from workflows.admin.ui.base import RefusableAdmin, RefusableForm, actor
from workflows.admin.ui.fields import JSONFormField
from workflows.errors import InUse, Invalid

VALUES = ("name", "description", "days", "spans", "weekly")
LISTS = ("days", "spans", "weekly")
LARGEST_FILE = 1_000_000


class CalendarForm(RefusableForm):
    """What a calendar excludes; its lists are JSON, or come from a file."""

    days = JSONFormField(
        required=False, help_text=Calendar._meta.get_field("days").help_text, label="Days"
    )
    spans = JSONFormField(
        required=False, help_text=Calendar._meta.get_field("spans").help_text, label="Spans"
    )
    weekly = JSONFormField(
        required=False, help_text=Calendar._meta.get_field("weekly").help_text, label="Weekly"
    )
    ical = forms.FileField(
        required=False,
        label="iCalendar file",
        help_text="Its events replace the days and the spans.",
    )

    class Meta:
        model = Calendar
        fields = VALUES

    def clean_ical(self) -> dict[str, Any] | None:
        """Return what the file excludes; None if there is none."""
        file = self.cleaned_data["ical"]
        if not file:
            return None
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(f"Give a file of at most {LARGEST_FILE:,} bytes.")
        try:
            return dict(import_ical(file.read().decode("utf-8", "replace")))
        except Invalid as refusal:
            texts = [text for each in refusal.fields.values() for text in each]
            raise forms.ValidationError(texts) from refusal

    def values(self) -> dict[str, Any]:
        """Return what the operation takes."""
        found = {name: self.cleaned_data[name] for name in VALUES}
        found |= {name: found[name] or [] for name in LISTS}
        read = self.cleaned_data["ical"] or {}
        return {**found, **{name: read[name] for name in LISTS if name in read}}

    def _post_clean(self) -> None:
        """Leave the calendar as it is: the operation changes it."""


class CalendarAdmin(RefusableAdmin):
    """Calendars, which schedules share."""

    form: Any = CalendarForm
    list_display = ("name", "description", "entries", "used_by")
    search_fields = ("name",)
    search_help_text = "Search by name."
    when_empty = "There is no calendar yet. A calendar has days and times at which schedules rest."
    add_label = "New calendar…"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Calendar]:
        """Count the schedules of each."""
        found: QuerySet[Calendar] = super().get_queryset(request)
        return found.annotate(schedule_count=Count("schedules"))

    @admin.display(description="entries")
    def entries(self, calendar: Calendar) -> int:
        """Return how much it excludes."""
        return sum(len(getattr(calendar, name)) for name in LISTS)

    @admin.display(description="schedules", ordering="schedule_count")
    def used_by(self, calendar: Calendar) -> int:
        """Return how many schedules rest at it."""
        return int(calendar.schedule_count)  # type: ignore[attr-defined]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Offer the file last, to those who may change it."""
        file = ("ical",) if self._may_save(request, obj) else ()
        return [(None, {"fields": (*VALUES, *file)})]

    def _may_save(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: CalendarForm, change: bool) -> None:
        """Have the operation store it."""
        stored = save_calendar(
            form.values(), by=actor(request), calendar_id=obj.pk if change else None
        )
        obj.pk, obj.name = stored.pk, stored.name

    def save_related(self, *_: Any) -> None:
        """Save nothing more."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return why calendars are kept that schedules have."""
        kept = [each for each in objs if each.schedules.exists()]
        if kept:
            return [], {}, set(), [f"calendar {each} is used by schedules" for each in kept]
        return super().get_deleted_objects(objs, request)

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        """Say why a calendar is kept also if that came true only now."""
        try:
            return super().delete_view(request, object_id, *args)
        except InUse:
            return super().delete_view(request, object_id, *args)

    def delete_model(self, request: HttpRequest, obj: Calendar) -> None:
        """Delete a calendar by its operation."""
        delete_calendar(obj.pk, by=actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Calendar]) -> None:
        """Delete several, one after the other."""
        for pk in list(queryset.values_list("pk", flat=True)):
            delete_calendar(pk, by=actor(request))
