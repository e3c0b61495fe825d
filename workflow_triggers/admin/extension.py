"""What this app adds to the admin of workflows."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from workflow_triggers.admin.attention import schedule_group, trouble_count
from workflow_triggers.admin.calendars import CalendarAdmin
from workflow_triggers.admin.occurrences import schedule_url
from workflow_triggers.admin.rows import rows_of
from workflow_triggers.admin.schedules import ScheduleAdmin
from workflow_triggers.admin.strip import strip_panel
from workflow_triggers.models import Calendar, Schedule
from workflows.admin.extensions import Extension, NavigationEntry, Tab
from workflows.models import WorkflowTemplate
from workflows.sites import admin_url

VIEW = "workflow_triggers.view_schedule"
MOST_OF_TEMPLATE = 100


def _schedules_of(request: HttpRequest, template: WorkflowTemplate) -> dict[str, Any]:
    """Return the schedules of a template, for its tab."""
    found = Schedule.objects.filter(template=template).order_by("name")[:MOST_OF_TEMPLATE]
    may_add = request.user.has_perm("workflow_triggers.add_schedule")
    add = f"{admin_url('workflow_triggers_schedule_add')}?template={template.pk}"
    return {"rows": rows_of(list(found)), "add_url": add if may_add else ""}


def _url_of_schedule(trigger: Mapping[str, Any]) -> str | None:
    return schedule_url(trigger.get("id")) or None


EXTENSION = Extension(
    pages={Schedule: ScheduleAdmin, Calendar: CalendarAdmin},
    navigation=[
        NavigationEntry("Schedule", "Schedules", "calendar", "Operate", "Approval", "schedules"),
        NavigationEntry("Calendar", "Calendars", "calendar", "Design", "WorkflowTemplate"),
    ],
    counts={"schedules": (VIEW, trouble_count)},
    attention=[(VIEW, schedule_group)],
    panels=[(VIEW, strip_panel)],
    styles=["workflow_triggers/strip.css"],
    tabs={
        "schedules": Tab("Schedules", VIEW, "workflow_triggers/template_tab.html", _schedules_of)
    },
    triggers={"schedule": _url_of_schedule},
)
