"""The admin of runs: their list, and the page of a run."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows.admin.actions.registry import CANCEL_REST, DISPATCH, DISPATCH_ALL, RUN_OPERATIONS
from workflows.admin.retention.rules import removed_run_url
from workflows.admin.runs.compare import CompareViews
from workflows.admin.runs.drawn import drawn_link
from workflows.admin.runs.export import ExportViews
from workflows.admin.runs.launch import LaunchAdmin
from workflows.admin.runs.list import RunList, RunListAdmin
from workflows.admin.runs.live import latest_event
from workflows.admin.runs.page import run_page_context, run_title
from workflows.admin.runs.views import RunViews
from workflows.admin.templates.overview import overview_url
from workflows.admin.templates.versions import version_url
from workflows.admin.ui.base import AttentionFilter, ReadOnlyAdmin, is_id
from workflows.admin.ui.display import (
    EMPTY,
    link,
    moment,
    pretty,
)
from workflows.admin.ui.lists import ChoiceFilter
from workflows.admin.ui.spans import DateFilter
from workflows.insight.attention import failed_or_stuck_runs
from workflows.models import WorkflowRun
from workflows.search.find import search
from workflows.search.syntax import BadSearch

SEARCH_HELP = (
    "A run number, words of its template or of who started it, or: state:failed template:backup "
    "label:team=data param:day=2026-11-27 step:migrate by:anna approved:bob slow:1.5 "
    "after:yesterday before:7d message:timeout note:disk log:text. A minus excludes, quotes keep "
    "spaces."
)
TIMES = tuple(map(moment, ("created_at", "started_at", "finished_at")))


class FailedFilter(AttentionFilter):
    """Filters the runs that the dashboard calls failed or stuck."""

    kind = "tab"
    choice = ("failed", "failed or stuck")

    def needing_attention(self) -> QuerySet[WorkflowRun]:
        """Return the failed and stuck runs."""
        return failed_or_stuck_runs()


class DraftFilter(admin.SimpleListFilter):
    """Shows the runs that tried a draft alone, or all others."""

    kind = "switch"
    title = "drafts"
    parameter_name = "drafts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer drafts alone; that they are left out is said where a link has done so."""
        without = [("none", "without drafts")] if self.value() == "none" else []
        return [("only", "drafts"), *without]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the runs of drafts, or of saved templates."""
        wanted = {"only": False, "none": True}
        value = self.value()
        return queryset.filter(trial__isnull=wanted[value]) if value in wanted else queryset


class WorkflowRunAdmin(LaunchAdmin, RunListAdmin, CompareViews, ExportViews, RunViews):
    """Runs are started here; after that, only operations change them."""

    change_form_template = "workflows/workflowrun/change_form.html"
    change_list_template = "workflows/workflowrun/change_list.html"
    when_empty = "There is no run yet. Open a template and press Run…"
    operations = (DISPATCH, DISPATCH_ALL, *RUN_OPERATIONS, CANCEL_REST)
    list_title = "Runs"
    list_filter = (
        FailedFilter,
        DraftFilter,
        ("state", ChoiceFilter),
        "template",
        ("created_at", DateFilter),
        "auto_dispatch",
    )
    dates = ("created_at", "finished_at")
    search_fields = ("id__exact", "template_name", "initiated_by")
    search_placeholder = "Number, template, param:…"
    search_help_text = SEARCH_HELP
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("made_from", "initiated_by"),
                    TIMES,
                    "auto_dispatch",
                    "parameters_shown",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowRun]:
        """Leave out the latest dispatch answer, which may be long; a run's page reads it itself."""
        return super().get_queryset(request).defer("last_dispatch")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WorkflowRun], search_term: str
    ) -> tuple[QuerySet[WorkflowRun], bool]:
        """Return the runs that fit a search; say what is wrong with it, or how far it looks."""
        try:
            found = search(search_term, queryset, may=request.user.has_perm)
        except BadSearch as refusal:
            text = f"The search was not understood. {refusal.sentence}"
            self.message_user(request, text, messages.ERROR)
            return queryset.none(), False
        if found.remark:
            self.message_user(request, found.remark, messages.WARNING)
        return found.runs, False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows situations."""
        return RunList

    def get_fieldsets(self, request: HttpRequest, obj: WorkflowRun | None = None) -> Any:
        """Return the launch form's fields for a new run, and all fields for an existing one."""
        if obj is None:
            return self.launch_fieldsets(request)
        return super().get_fieldsets(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return True for users with the permission to add runs."""
        return super(ReadOnlyAdmin, self).has_add_permission(request)

    def described(self, run: WorkflowRun) -> tuple[str, str]:
        """Return the template's name and the state."""
        return run.template_name, run.state

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Read the latest event before anything else, so that the first poll misses none."""
        latest = latest_event(int(object_id)) if is_id(object_id) else None
        context = {**(extra_context or {}), "latest_event": latest}
        return super().change_view(request, object_id, form_url, context)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Lead to what stays of a run that was removed."""
        if is_id(object_id) and (url := removed_run_url(object_id)):
            self.message_user(request, f"Run {object_id} was removed. This stays of it.")
            return HttpResponseRedirect(url)
        redirect: HttpResponse = super()._get_obj_does_not_exist_redirect(  # type: ignore[misc]
            request, opts, object_id
        )
        return redirect

    def page_context(self, request: HttpRequest, run: WorkflowRun | None) -> dict[str, Any]:
        """Return what the page shows of the run, or what to know before a new one is started."""
        if run is None:
            return self.launch_context(request)
        context = run_page_context(self, request, run)
        return {**context, "title": run_title(run), "subtitle": None}

    @admin.display(description="template", ordering="template_name")
    def made_from(self, run: WorkflowRun) -> str | SafeString:
        """Return the template and the version that the run was made from."""
        if not run.template_name:
            return EMPTY
        if run.is_trial:
            return drawn_link(run)
        version = f"version {run.template_version}" if run.template_version else "as a label"
        if run.template_id is None:
            return f"{run.template_name}, {version} (deleted)"
        linked = link(overview_url(run.template_id), run.template_name)
        if run.template_version:
            version = link(version_url(run.template_id, run.template_version), version)
        return format_html("{}, {}", linked, version)

    @admin.display(description="parameters")
    def parameters_shown(self, run: WorkflowRun) -> str | SafeString:
        """Return the parameters of the run."""
        return pretty(run.parameters) if run.parameters else EMPTY
