"""Approvals: their list and their page, with what was decided and by whom."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.actions.registry import APPROVAL_OPERATIONS
from workflows.admin.tasks import titled
from workflows.admin.ui.base import RunOfTaskFilter, TaskFilter
from workflows.admin.ui.display import badge, link, moment, page_url, run_link
from workflows.admin.ui.lists import DateFilter
from workflows.insight.attention import undecided
from workflows.models import Approval, ApprovalStatus, Task
from workflows.models.choices import among

EVERY = "all"


class StatusFilter(admin.SimpleListFilter):
    """By status; pending, unless another one is chosen."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer each status, and all."""
        return [(value, value) for value in (*ApprovalStatus.values, EVERY)]

    def value(self) -> str:
        """Return the chosen status."""
        return super().value() or ApprovalStatus.PENDING.value

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Leave out Django's own "All": no choice means pending here."""
        yield from list(super().choices(changelist))[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Approval]) -> QuerySet[Approval]:
        """Keep the approvals of the chosen status."""
        if self.value() == ApprovalStatus.PENDING:
            return undecided(queryset)
        if self.value() == EVERY:
            return queryset
        return queryset.filter(among(Approval, "status", [self.value()]))


class ApprovalAdmin(OperableAdmin):
    """Approvals are read-only, and decided by operations only."""

    change_form_template = "workflows/approval/change_form.html"
    operations = APPROVAL_OPERATIONS
    operate_permission = "workflows.decide_approval"
    when_empty = "No task waits for approval. The filter shows earlier decisions."
    list_display = (
        "__str__",
        "run_shown",
        "task_link",
        "title_shown",
        "status_shown",
        moment("created_at"),
        "reason_shown",
        "decided_by",
        moment("decided_at"),
        "comment_shown",
    )
    list_filter = (StatusFilter, RunOfTaskFilter, TaskFilter, ("created_at", DateFilter))
    dates = sorts = ("created_at",)
    search_fields = ("task__step_id", "task__title", "decided_by", "comment")
    search_help_text = "Step id, title, who decided, or words of the comment."
    most_searched = 1_000  # in their tasks, too, which are looked up one by one
    ordering = ("id",)
    fields = (
        "status_shown",
        ("task_link", "run_shown"),
        "title_shown",
        (moment("created_at"), "reason"),
        ("decided_by", moment("decided_at")),
        "comment",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        """Read tasks and runs with the approvals: the checks ask for both."""
        approvals = super().get_queryset(request).select_related("task__run")
        return approvals.defer("task__payload", "task__run__last_dispatch", "task__run__parameters")

    def described(self, approval: Approval) -> tuple[str, str]:
        """Return the task with its run, and the status."""
        return titled(approval.task), approval.status

    def page_context(self, request: HttpRequest, approval: Approval) -> dict[str, Any]:
        """Return the buttons."""
        return {"buttons": self.buttons(request, approval, APPROVAL_OPERATIONS)}

    @admin.display(description="workflow run", ordering="task__run_id")
    def run_shown(self, approval: Approval) -> str | SafeString:
        """Return the run that the task is in."""
        return run_link(approval.task.run_id)

    @admin.display(description="task", ordering="task_id")
    def task_link(self, approval: Approval) -> SafeString:
        """Return the task that the decision is about."""
        return link(page_url(Task, approval.task_id), approval.task)

    @admin.display(description="title", ordering="task__title")
    def title_shown(self, approval: Approval) -> str:
        """Return the title of the task."""
        return Truncator(approval.task.title).chars(80)

    @admin.display(description="status", ordering="status")
    def status_shown(self, approval: Approval) -> SafeString:
        """Return the status."""
        return badge(approval.status)

    @admin.display(description="why again", ordering="reason")
    def reason_shown(self, approval: Approval) -> str:
        """Return why it was requested again; empty for the first request."""
        return Truncator(approval.reason).chars(80)

    @admin.display(description="comment")
    def comment_shown(self, approval: Approval) -> str:
        """Return the beginning of the comment."""
        return Truncator(approval.comment).chars(80)
