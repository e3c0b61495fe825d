"""Backfills in the admin: which runs a span would make, to make them, and to cancel the rest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from runners.forms import TextBoundField
from workflow_triggers.admin.preview import in_words
from workflow_triggers.models import Backfill, Outcome, Schedule
from workflow_triggers.operations.backfills import backfill, cancel_backfill, preview_backfill
from workflow_triggers.operations.checks import check_cancel_backfill
from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.ui.base import RefusableAdmin, actor
from workflows.admin.ui.display import page_url
from workflows.db.doors import durably
from workflows.errors import Invalid, WorkflowError

LATEST = 5
NAMED = 10
"""So many moments are named in the preview; the others are counted."""


class SpanForm(forms.Form):
    """From and until, in the zone of a schedule."""

    bound_field_class = TextBoundField
    start = forms.DateTimeField(
        label="From", widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
    )
    end = forms.DateTimeField(
        label="Until", widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
    )

    def span(self, zone: str) -> tuple[datetime, datetime]:
        """Return the span, as the clocks of a zone show it."""
        start, end = (self.cleaned_data[name] for name in ("start", "end"))
        return start.replace(tzinfo=ZoneInfo(zone)), end.replace(tzinfo=ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class BackfillRow:
    """A backfill with what became of its moments."""

    backfill: Backfill
    made: int
    queued: int
    may_cancel: bool


class BackfillViews(RefusableAdmin, OperableAdmin):
    """The pages of backfills."""

    def get_urls(self) -> list[URLPattern]:
        """Add the preview, and the way to cancel one."""
        view, name = self.admin_site.admin_view, "workflow_triggers_schedule_{}".format
        cancel = view(require_POST(self.cancel_view))
        return [
            path("<int:pk>/backfill/", view(self.backfill_view), name=name("backfill")),
            path("<int:pk>/backfills/<int:backfill_id>/cancel/", cancel, name=name("cancel")),
            *super().get_urls(),
        ]

    def backfills_of(self, schedule: Schedule) -> list[BackfillRow]:
        """Return the latest backfills of a schedule; one statement."""
        rows = Backfill.objects.filter(schedule=schedule).annotate(
            made=Count("occurrences", Q(occurrences__outcome=Outcome.RUN)),
            queued=Count("occurrences", Q(occurrences__outcome=Outcome.QUEUED)),
        )
        return [
            BackfillRow(each, each.made, each.queued, bool(each.queued and not each.canceled_at))
            for each in rows.order_by("-id")[:LATEST]
        ]

    def backfill_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say which runs a span would make; a POST makes them."""
        schedule = self._operable(request, pk)
        form = SpanForm(request.POST if request.method == "POST" else request.GET or None)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"Backfill {schedule.name}",
            "original": schedule,
            "form": form,
        }
        if form.is_valid():
            start, end = form.span(schedule.zone)
            try:
                if request.method == "POST":
                    return self._made(request, schedule, start, end)
                context |= _previewed(schedule, start, end)
            except Invalid as refusal:
                for name, texts in refusal.fields.items():
                    form.add_error(name if name in form.fields else None, list(texts))
        return TemplateResponse(request, "workflow_triggers/schedule/backfill.html", context)

    def _made(
        self, request: HttpRequest, schedule: Schedule, start: datetime, end: datetime
    ) -> HttpResponse:
        made = durably(backfill, schedule.pk, start, end, by=actor(request))
        count = made.occurrences.count()
        text = f"{count:,} run{'' if count == 1 else 's'} will be made, one after the other."
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(page_url(Schedule, schedule.pk))

    def cancel_view(self, request: HttpRequest, pk: int, backfill_id: int) -> HttpResponse:
        """Cancel what a backfill has not made yet."""
        self._operable(request, pk)
        found = Backfill.objects.filter(pk=backfill_id, schedule=pk).first()
        if found is None:
            raise Http404
        try:
            if refusal := check_cancel_backfill(found, actor(request)):
                raise refusal
            durably(cancel_backfill, backfill_id, by=actor(request))
            self.message_user(request, "The rest of the backfill is canceled.", messages.SUCCESS)
        except WorkflowError as refusal:
            self.message_user(request, f"Not canceled: {refusal.detail}.", messages.ERROR)
        return HttpResponseRedirect(page_url(Schedule, pk))

    def _operable(self, request: HttpRequest, pk: int) -> Schedule:
        if not self.has_operate_permission(request):
            raise PermissionDenied(f"This needs the permission {self.operate_permission}.")
        schedule = self.get_object(request, str(pk))
        if not isinstance(schedule, Schedule):
            raise Http404
        return schedule


def _previewed(schedule: Schedule, start: datetime, end: datetime) -> dict[str, Any]:
    found = preview_backfill(schedule.pk, start, end)
    moments, zone = list(found.moments), ZoneInfo(schedule.zone)
    return {
        "count": len(moments),
        "already": len(found.already),
        "named": [in_words(each, zone) for each in moments[:NAMED]],
        "more": max(0, len(moments) - NAMED),
    }
