"""The dashboard: what needs attention, which runs are in progress, and which have finished."""

from typing import Any

from django.http import HttpRequest

from workflows.admin.dashboard.attention_items import attention_groups
from workflows.admin.dashboard.finished import finished_context
from workflows.admin.dashboard.first_hour import first_hour_context
from workflows.admin.dashboard.running import running_context
from workflows.admin.dashboard.whose import whose
from workflows.admin.ui.display import list_url
from workflows.insight.attention import latest_event
from workflows.models import WorkflowTemplate
from workflows.sites import admin_url

OWN = ("workflows.view_workflowrun", "workflows.view_approval")
"""Of what these show, some may be the reader's own."""


def dashboard(request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows to its reader; takes a constant number of statements."""
    user = request.user
    # Read first: what happens while the rest is read is newer, and the open page then asks for it.
    latest = latest_event() if user.has_perm("workflows.view_event") else None
    context: dict[str, Any] = {
        "latest_event": latest,
        "attention_groups": attention_groups(request),
        "is_mine": whose(request).is_mine,
        "offers_mine": any(map(user.has_perm, OWN)),
        **first_hour_context(request),
    }
    if user.has_perm("workflows.view_workflowrun"):
        context |= running_context() | finished_context(user.has_perm)
    if user.has_perm("workflows.view_workflowtemplate"):
        context["templates_url"] = list_url(WorkflowTemplate)
        context["has_templates"] = WorkflowTemplate.objects.exists()
    if user.has_perm("workflows.add_workflowrun"):
        context["start_run_url"] = admin_url("workflows_workflowrun_add")
    if user.has_perm("workflows.add_workflowtemplate"):
        context["new_template_url"] = admin_url("workflows_workflowtemplate_add")
    return context
