"""The admin: lists, pages and buttons for people. Each button calls one operation."""

from django.contrib import admin
from django.contrib.admin import AdminSite
from knox.models import AuthToken

from runners.models import Runner
from workflows.admin.approvals import ApprovalAdmin
from workflows.admin.attempts import TaskAttemptAdmin
from workflows.admin.events import EventAdmin
from workflows.admin.retention.records import RunRecordAdmin
from workflows.admin.runners import KeptRunnerAdmin
from workflows.admin.runs.model_admin import WorkflowRunAdmin
from workflows.admin.runs.saved import SavedViewAdmin
from workflows.admin.tasks import TaskAdmin
from workflows.admin.templates.model_admin import WorkflowTemplateAdmin
from workflows.admin.tokens import AuthTokenAdmin
from workflows.models import (
    Approval,
    Event,
    RunRecord,
    SavedView,
    Task,
    TaskAttempt,
    WorkflowRun,
    WorkflowTemplate,
)

PAGES = {
    Approval: ApprovalAdmin,
    AuthToken: AuthTokenAdmin,
    Event: EventAdmin,
    Runner: KeptRunnerAdmin,
    RunRecord: RunRecordAdmin,
    SavedView: SavedViewAdmin,
    Task: TaskAdmin,
    TaskAttempt: TaskAttemptAdmin,
    WorkflowRun: WorkflowRunAdmin,
    WorkflowTemplate: WorkflowTemplateAdmin,
}
"""The admin of each model."""


def register(site: AdminSite) -> None:
    """Register the models of workflows and runners with an admin site."""
    for model, page in PAGES.items():
        if site.is_registered(model):  # knox has registered an admin of its own
            site.unregister(model)
        site.register(model, page)


register(admin.site)
