"""The page of the week: hours and days, one day, or a list of the same moments."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.timezone import get_current_timezone_name

from workflow_triggers.admin.occurrences import MEANINGS
from workflow_triggers.admin.operations import FIRE
from workflow_triggers.admin.week import DAYS, context_of, monday_of, week_of
from workflow_triggers.moments import zones
from workflows.admin.actions.model_admin import OperableAdmin
from workflows.sites import admin_url

VIEWS = {"week": "Week", "day": "Day", "list": "List"}
PAGE = "workflow_triggers_schedule_week"


class WeekViews(OperableAdmin):
    """Shows what schedules did and will do in a week."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view(self.week_view)
        return [path("week/", view, name=PAGE), *super().get_urls()]

    def week_view(self, request: HttpRequest) -> HttpResponse:
        """Show a week, or a day, in the zone that is chosen."""
        if not self.has_view_permission(request):
            raise PermissionDenied("This needs the permission workflow_triggers.view_schedule.")
        given = _Given(request)
        days = 1 if given.view == "day" else DAYS
        first = given.day if days == 1 else monday_of(given.day)
        step = timedelta(days=days)
        week = week_of(first, given.zone, days=days, kind=given.kind)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            **context_of(week),
            "opts": self.opts,
            "media": self.media,
            "title": "Schedules",
            "given": given,
            "views": [
                (label, given.url(view=name), name == given.view) for name, label in VIEWS.items()
            ],
            "before": given.url(day=first - step),
            "after": given.url(day=first + step),
            "this": given.url(day=None),
            "is_this": given.today in {each.day for each in week.days},
            "kinds": [
                (kind, meaning, number, given.url(kind=kind if kind != given.kind else ""))
                for kind, meaning, number in week.counts
            ],
            "zones": sorted(zones()),
            "may_add": self.has_add_permission(request),
            "may_operate": self.has_operate_permission(request),
            "fire": FIRE,
        }
        return TemplateResponse(request, "workflow_triggers/schedule/week.html", context)


class _Given:
    """What the address asks for; what it asks for wrongly is as if it did not."""

    def __init__(self, request: HttpRequest) -> None:
        zone = request.GET.get("zone", "")
        self.zone = ZoneInfo(zone if zone in zones() else get_current_timezone_name())
        self.has_zone = zone in zones()
        self.today = timezone.now().astimezone(self.zone).date()
        asked = _date(request.GET.get("day", ""))
        self.day, self.has_day = asked or self.today, asked is not None
        view, kind = request.GET.get("view", ""), request.GET.get("kind", "")
        self.view = view if view in VIEWS else "week"
        self.kind = kind if kind in MEANINGS else ""

    def url(self, **changed: Any) -> str:
        """Return the address of the same page with something changed."""
        asked = {
            "view": self.view if self.view != "week" else "",
            "day": self.day if self.has_day else "",
            "zone": self.zone.key if self.has_zone else "",
            "kind": self.kind,
            **changed,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{admin_url(PAGE)}?{query}" if query else admin_url(PAGE)


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 < found.year < 9000 else None
