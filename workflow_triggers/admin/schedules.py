"""Schedules in the admin: their list, the page of one, and the form."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name

from workflow_triggers.admin.backfills import BackfillViews
from workflow_triggers.admin.form import VALUES, ScheduleForm
from workflow_triggers.admin.occurrences import shown
from workflow_triggers.admin.operations import OPERATIONS
from workflow_triggers.admin.preview import preview, preview_of_text, words_of
from workflow_triggers.admin.rows import Row, gone_users, rows_of
from workflow_triggers.admin.week_views import WeekViews
from workflow_triggers.models import Occurrence, Outcome, Schedule
from workflow_triggers.moments import zones
from workflow_triggers.operations.schedules import change_schedule, create_schedule, delete_schedule
from workflows.admin.ui.base import actor, page_of
from workflows.admin.ui.display import EMPTY, link
from workflows.sites import admin_url, known_admin_url

EDIT = "edit"
"""In the address of the form; without it, the page of a schedule is read."""
PER_PAGE = 25


class ScheduleList(ChangeList):
    """The list of schedules, which reads the last occurrences of a page at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Let each schedule know its row."""
        super().get_results(request)
        for row in rows_of(list(self.result_list)):
            row.schedule.row = row  # type: ignore[attr-defined]
        rows = {row.pk: row for row in self.result_list}
        for each in self.result_list:
            each.row = rows[each.pk].row


class ScheduleAdmin(WeekViews, BackfillViews):
    """Schedules are changed by operations; who may operate them only, fires and switches them."""

    form: Any = ScheduleForm
    change_list_template = "workflow_triggers/schedule/list.html"
    change_form_template = "workflow_triggers/schedule/form.html"
    list_display: Any = ("name", "template_shown", "when", "next", "last", "state", "owner")
    list_filter = ("is_enabled", ("template", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("template",)
    search_fields = ("name", "template__name")
    search_help_text = "Search by name or by template."
    operations = OPERATIONS
    operate_permission = "workflow_triggers.operate_schedule"
    add_label = "New schedule…"
    when_empty = (
        "There is no schedule yet. A schedule runs a template every night, every five minutes, "
        "or once; each of its moments makes a run or says why not."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return True for authors."""
        return admin.ModelAdmin.has_add_permission(self, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for authors."""
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for authors."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def described(self, row: Schedule) -> tuple[str, str]:
        """Return when it fires, and whether it does."""
        return words_of(row), "enabled" if row.is_enabled else "disabled"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows the last occurrences."""
        return ScheduleList

    @admin.display(description="template", ordering="template__name")
    def template_shown(self, schedule: Schedule) -> SafeString | str:
        """Return a link to the template."""
        return link(_template_url(schedule), schedule.template.name)

    @admin.display(description="when")
    def when(self, schedule: Schedule) -> SafeString:
        """Return its moments in words, and its time zone."""
        row = _row(schedule)
        return format_html('{} <span class="quiet">{}</span>', row.words, schedule.zone)

    @admin.display(description="next", ordering="next_at")
    def next(self, schedule: Schedule) -> SafeString | str:
        """Return its next moment."""
        return _row(schedule).next

    @admin.display(description="last")
    def last(self, schedule: Schedule) -> SafeString | str:
        """Return what became of its last moment."""
        last = _row(schedule).last
        return format_html("{} {}", last.badge, last.told) if last else EMPTY

    @admin.display(description="state", ordering="is_enabled")
    def state(self, schedule: Schedule) -> SafeString:
        """Return whether it counts."""
        return _row(schedule).state

    @admin.display(description="changed by")
    def owner(self, schedule: Schedule) -> SafeString | str:
        """Return who changed it last, in whose name its runs are made."""
        gone = "user is gone" if _row(schedule).gone else ""
        by = schedule.changed_by or EMPTY
        return format_html('{} <span class="quiet">{}</span>', by, gone)

    def get_urls(self) -> list[URLPattern]:
        """Add what the form asks while somebody types."""
        view = self.admin_site.admin_view(self.preview_view)
        asked = path("preview/", view, name="workflow_triggers_schedule_preview")
        return [asked, *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Return the words and the next five moments of what stands in the form."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        texts = [request.GET.get(name, "") for name in ("cron", "zone", "once_at")]
        context = {"preview": preview_of_text(*texts)}
        return TemplateResponse(request, "workflow_triggers/schedule/preview.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what a schedule does; the form to those who ask for it and may change it."""
        schedule = self.get_object(request, object_id)
        if request.method == "GET" and schedule and EDIT not in request.GET:
            if not self.has_view_permission(request, schedule):
                raise PermissionDenied("This needs the permission workflow_triggers.view_schedule.")
            return self._page(request, schedule)
        return super().change_view(request, object_id, form_url, extra_context)

    def _page(self, request: HttpRequest, schedule: Schedule) -> HttpResponse:
        outcome = request.GET.get("outcome", "")
        occurrences = Occurrence.objects.filter(schedule=schedule)
        if outcome in Outcome.values:
            occurrences = occurrences.filter(outcome=outcome)
        page = page_of(occurrences.order_by("-moment", "-id"), request, PER_PAGE)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": schedule.name,
            "original": schedule,
            "template_url": _template_url(schedule),
            "row": Row(schedule, None, gone_users([schedule]).get(schedule.pk, "")),
            "preview": preview(schedule),
            "buttons": self.buttons(request, schedule, self.operations),
            "may_change": self.has_change_permission(request, schedule),
            "may_delete": self.has_delete_permission(request, schedule),
            "may_operate": self.has_operate_permission(request),
            "outcomes": _outcomes(outcome),
            "occurrences": shown(list(page)),
            "page": page,
            "backfills": self.backfills_of(schedule),
            "calendars": list(schedule.calendars.all()),
        }
        return TemplateResponse(request, "workflow_triggers/schedule/page.html", context)

    def page_context(self, request: HttpRequest, obj: Schedule | None) -> dict[str, Any]:
        """Return the moments of what stands in the form, and the names of zones."""
        found = preview(obj) if obj else preview_of_text("", "", "")
        if request.method == "POST":
            texts = [request.POST.get(name, "") for name in ("cron", "zone", "once_at")]
            found = preview_of_text(*texts)
        return {"preview": found, "zones": sorted(zones())}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the time zone of the site, and the template of the address."""
        return {"zone": get_current_timezone_name(), **super().get_changeform_initial_data(request)}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say first when, then with what, then what happens if that is not possible."""
        rest = [name for name in VALUES if name not in {"name", "cron", "zone", "once_at"}]
        return [
            (None, {"fields": ["template", "name"]}),
            ("When", {"fields": ["cron", "zone", "once_at"]}),
            ("What", {"fields": rest[:1]}),
            ("And if", {"fields": rest[1:]}),
        ]

    def save_model(self, request: HttpRequest, obj: Any, form: ScheduleForm, change: bool) -> None:
        """Have the operation store it."""
        by, values = actor(request), form.values()
        if change:
            stored = change_schedule(obj.pk, values, by=by)
        else:
            stored = create_schedule(form.cleaned_data["template"].pk, values, by=by)
        obj.pk, obj.name = stored.pk, stored.name

    def save_related(self, *_: Any) -> None:
        """Save nothing more: the operation has stored the calendars."""

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Lead to the page of the schedule."""
        return HttpResponseRedirect(admin_url("workflow_triggers_schedule_change", obj.pk))

    response_post_save_change = response_post_save_add

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count the occurrences that go along; they may be many."""
        schedules = list(objs)
        occurrences = Occurrence.objects.filter(schedule__in=schedules).count()
        counted = {self.opts.verbose_name_plural: len(schedules), "occurrences": occurrences}
        lacking = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [str(each) for each in schedules], counted, lacking, []

    def effects_of_deletion(self, rows: Sequence[Any]) -> list[str]:
        """Say what becomes of the runs."""
        return ["Runs that it has made stay; those under way go on."]

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        """Delete a schedule by its operation."""
        delete_schedule(obj.pk, by=actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Delete several, one after the other."""
        for pk in list(queryset.values_list("pk", flat=True)):
            delete_schedule(pk, by=actor(request))


def _row(schedule: Schedule) -> Row:
    return schedule.row  # type: ignore[attr-defined,no-any-return]


def _outcomes(chosen: str) -> list[tuple[str, str, bool]]:
    """Return what occurrences are filtered by: value, label, and whether it is chosen."""
    every = ("", "All", chosen not in Outcome.values)
    return [every, *((value, value, value == chosen) for value in Outcome.values)]


def _template_url(schedule: Schedule) -> str:
    return known_admin_url("workflows_workflowtemplate_overview", schedule.template_id) or ""
