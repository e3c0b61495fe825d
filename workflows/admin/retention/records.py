"""Retention: the rules, what they would remove now, the weight, and the list of removed runs."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from workflows.admin.retention.rules import retention_context
from workflows.admin.ui.base import ReadOnlyAdmin
from workflows.admin.ui.display import EMPTY, badge, link, moment, page_url, pretty
from workflows.models import RunRecord, WorkflowTemplate

VIEW = "workflows.view_workflowrun"


class RunRecordAdmin(ReadOnlyAdmin):
    """What stays of removed runs; whoever may view runs may view it."""

    change_list_template = "workflows/runrecord/change_list.html"
    change_form_template = "workflows/page.html"
    list_title = "Retention"
    when_empty = "No run has been removed yet."
    list_display = (
        "number",
        "template_shown",
        "state_shown",
        moment("ended_at"),
        moment("removed_at"),
        "removed_by",
        "removed_reason",
    )
    search_fields = ("=run_id",)
    search_help_text = "Search by run number."
    ordering = ("-line_number",)
    sortable_by = ()
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("template_shown", "state_shown"),
                    ("created_by", "initiated_by"),
                    tuple(moment(f"{name}_at") for name in ("created", "started", "ended")),
                    "duration_ms",
                    "tasks_shown",
                    "parameters_shown",
                )
            },
        ),
        (
            "Removal",
            {"fields": ((moment("removed_at"), "removed_by", "removed_via"), "removed_reason")},
        ),
        ("Seal", {"fields": ("trail_length", "trail_head", "line_number", "line_digest")}),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for those who may view runs."""
        return bool(request.user.has_perm(VIEW))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return True for those who may view runs."""
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RunRecord]:
        """Leave out the records of runs that are there."""
        records: QuerySet[RunRecord] = super().get_queryset(request)
        return records.filter(line_number__isnull=False)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the rules above the list, on its first page."""
        rules = retention_context(request) if not request.GET else {}
        return super().changelist_view(request, {**rules, **(extra_context or {})})

    @admin.display(description="run")
    def number(self, record: RunRecord) -> str:
        """Return the name of the run."""
        return f"run {record.run_id}"

    @admin.display(description="template")
    def template_shown(self, record: RunRecord) -> str | SafeString:
        """Return the template that the run was made from."""
        if not record.template_id:
            return record.template_name or EMPTY
        version = f", version {record.template_version}" if record.template_version else ""
        return link(
            page_url(WorkflowTemplate, record.template_id), f"{record.template_name}{version}"
        )

    @admin.display(description="state")
    def state_shown(self, record: RunRecord) -> SafeString:
        """Return how the run ended."""
        return badge(record.state)

    @admin.display(description="tasks")
    def tasks_shown(self, record: RunRecord) -> str:
        """Return how many tasks were in each state."""
        return ", ".join(f"{n} {state}" for state, n in record.task_counts.items() if n) or EMPTY

    @admin.display(description="parameters")
    def parameters_shown(self, record: RunRecord) -> str | SafeString:
        """Return the parameters of the run, without secrets."""
        return pretty(record.parameters) if record.parameters else EMPTY
