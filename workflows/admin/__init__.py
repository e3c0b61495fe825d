"""The admin: lists, pages and buttons for people. Each button calls one operation."""

from django.apps import apps
from django.contrib import admin
from django.contrib.admin import AdminSite

from runners.models import Runner
from workflows.admin.approvals import ApprovalAdmin
from workflows.admin.attempts import TaskAttemptAdmin
from workflows.admin.dashboard.operations import OperationsAdmin
from workflows.admin.events import EventAdmin
from workflows.admin.retention.records import RunRecordAdmin
from workflows.admin.runners import KeptRunnerAdmin
from workflows.admin.runs.model_admin import WorkflowRunAdmin
from workflows.admin.runs.saved import SavedViewAdmin
from workflows.admin.tasks import TaskAdmin
from workflows.admin.templates.model_admin import WorkflowTemplateAdmin
from workflows.models import (
    Approval,
    Event,
    Operations,
    RunRecord,
    SavedView,
    Task,
    TaskAttempt,
    WorkflowRun,
    WorkflowTemplate,
)

PAGES = {
    Approval: ApprovalAdmin,
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
    """
    Register the models of workflows and runners with an admin site.

    Once is enough, and twice does no harm. Models of other apps are left to them.
    """
    for model, page in PAGES.items():
        if not site.is_registered(model):
            site.register(model, page)
    # A console has the dashboard as its first page.
    if not getattr(site, "index_is_dashboard", False) and not site.is_registered(Operations):
        site.register(Operations, OperationsAdmin)
    if getattr(site, "lists_tokens", False):
        _register_people(site)


def _register_people(site: AdminSite) -> None:
    """Register users, and tokens if they are installed, of a site that has these pages from us."""
    from workflows.admin.users import register_users

    register_users(site)
    if apps.is_installed("knox"):
        from workflows.admin import tokens

        tokens.register_tokens(site)


register(admin.site)
