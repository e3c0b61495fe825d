"""Approvals: their list and their page, with what was decided and by whom."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.actions.registry import APPROVAL_OPERATIONS
from workflows.admin.approval_page import approval_context
from workflows.admin.curl.views import CurlViews
from workflows.admin.runs.rows import parameters_shown
from workflows.admin.tasks import titled
from workflows.admin.ui.base import RunOfTaskFilter, TaskFilter
from workflows.admin.ui.display import EMPTY, badge, link, moment, page_url, run_link
from workflows.admin.ui.spans import DateFilter
from workflows.insight.attention import cannot_go_out, worth_deciding
from workflows.models import Approval, ApprovalStatus, Task
from workflows.models.choices import among

EVERY, APART = "all", "apart"


class StatusFilter(admin.SimpleListFilter):
    """By status; pending, unless another one is chosen."""

    kind = "chips"
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer each status, those that could not go out anyway, and all."""
        first, *others = [(value, value) for value in ApprovalStatus.values]
        return [first, (APART, "could not go out anyway"), *others, (EVERY, EVERY)]

    def value(self) -> str:
        """Return the chosen status."""
        return super().value() or ApprovalStatus.PENDING.value

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Leave out Django's own "All": no choice means pending here."""
        yield from list(super().choices(changelist))[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Approval]) -> QuerySet[Approval]:
        """Keep the approvals of the chosen status."""
        if self.value() == ApprovalStatus.PENDING:
            return worth_deciding(queryset)
        if self.value() == APART:
            return cannot_go_out(queryset)
        if self.value() == EVERY:
            return queryset
        return queryset.filter(among(Approval, "status", [self.value()]))


class ApprovalAdmin(CurlViews, OperableAdmin):
    """Approvals are read-only, and decided by operations only."""

    change_form_template = "workflows/approval/change_form.html"
    operations = APPROVAL_OPERATIONS
    row_noun = "task"
    show_all = f"?{StatusFilter.parameter_name}={EVERY}"
    operate_permission = "workflows.decide_approval"
    when_empty = "No task waits for approval. The filter shows earlier decisions."
    list_display = (
        "__str__",
        "run_shown",
        "parameters",
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

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave out what is the run's for those who may not see it."""
        may_see = request.user.has_perm("workflows.view_workflowrun")
        return [name for name in self.list_display if may_see or name != "parameters"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        """Read tasks and runs with the approvals: the checks ask for both."""
        approvals = super().get_queryset(request).select_related("task__run")
        return approvals.defer("task__payload", "task__run__last_dispatch")

    def described(self, approval: Approval) -> tuple[str, str]:
        """Return the task with its run, and the status."""
        return titled(approval.task), approval.status

    def page_context(self, request: HttpRequest, approval: Approval) -> dict[str, Any]:
        """Return what there is to know before one decides."""
        return approval_context(request, approval)

    @admin.display(description="workflow run", ordering="task__run_id")
    def run_shown(self, approval: Approval) -> str | SafeString:
        """Return the run that the task is in, and of what."""
        run = approval.task.run
        return format_html("{} {}", run_link(run.pk), run.template_name) if run else EMPTY

    @admin.display(description="parameters")
    def parameters(self, approval: Approval) -> str | SafeString:
        """Return what the run was given, as far as it fits."""
        run = approval.task.run
        given = parameters_shown(run) if run else []
        return format_html_join(" ", '<span class="given">{}: <strong>{}</strong></span>', given)

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
