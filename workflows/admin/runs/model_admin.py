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
from workflows.admin.runs.launch import LaunchAdmin
from workflows.admin.runs.live import latest_event
from workflows.admin.runs.page import run_page_context, run_title
from workflows.admin.runs.saved import ViewFilter
from workflows.admin.runs.views import RunViews
from workflows.admin.templates.versions import version_url
from workflows.admin.ui.base import AttentionFilter, ReadOnlyAdmin, is_id
from workflows.admin.ui.display import (
    EMPTY,
    chips,
    link,
    moment,
    page_url,
    pretty,
    progress,
    run_badges,
)
from workflows.admin.ui.lists import BoundedList, ChoiceFilter, DateFilter
from workflows.admin.ui.sentences import linked
from workflows.insight.attention import failed_or_stuck_runs
from workflows.insight.situation import Situation, situations
from workflows.models import RunState, WorkflowRun, WorkflowTemplate
from workflows.models.label import labels_of
from workflows.search.find import search
from workflows.search.syntax import BadSearch

SEARCH_HELP = (
    "A run number, words of its template or of who started it, or: state:failed template:backup "
    "label:team=data param:day=2026-11-27 by:anna after:yesterday before:7d message:timeout "
    "note:disk log:text. A minus excludes, quotes keep spaces."
)
MOST_CHIPS = 4
"""Labels of a run in the list; its page has all of them."""
TIMES = tuple(map(moment, ("created_at", "started_at", "finished_at")))


class FailedFilter(AttentionFilter):
    """Filters the runs that the dashboard calls failed or stuck."""

    choice = ("failed", "failed or stuck")

    def needing_attention(self) -> QuerySet[WorkflowRun]:
        """Return the failed and stuck runs."""
        return failed_or_stuck_runs()


class RunList(BoundedList):
    """A page of runs with what they wait for and their labels, read for all of them at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the runs of the page, their situations and labels."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        standing = situations(self.result_list)
        labels = labels_of(run.pk for run in self.result_list)
        for run in self.result_list:
            run.situation = standing[run.pk]
            run.chips = chips(labels.get(run.pk, {}), most=MOST_CHIPS)


class WorkflowRunAdmin(LaunchAdmin, RunViews):
    """Runs are started here; after that, only operations change them."""

    change_form_template = "workflows/workflowrun/change_form.html"
    change_list_template = "workflows/workflowrun/change_list.html"
    when_empty = "There is no run yet. Open a template and press Run…"
    operations = (DISPATCH, DISPATCH_ALL, *RUN_OPERATIONS, CANCEL_REST)
    list_display = (
        "number",
        "made_from",
        "state_shown",
        "progress_shown",
        "sentence_shown",
        "initiated_by",
        moment("created_at"),
        moment("finished_at"),
    )
    list_filter = (
        ViewFilter,
        FailedFilter,
        ("state", ChoiceFilter),
        "auto_dispatch",
        "template",
        ("created_at", DateFilter),
    )
    dates = ("created_at", "finished_at")
    sorts = ("number", "created_at")
    search_fields = ("id__exact", "template_name", "initiated_by")
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

    @admin.display(description="run", ordering="pk")
    def number(self, run: WorkflowRun) -> str:
        """Return the name of a run."""
        return f"run {run.pk}"

    @admin.display(description="template", ordering="template_name")
    def made_from(self, run: WorkflowRun) -> str | SafeString:
        """Return the template and the version that the run was made from."""
        labels = getattr(run, "chips", "")
        return format_html("{} {}", self._origin(run), labels) if labels else self._origin(run)

    def _origin(self, run: WorkflowRun) -> str | SafeString:
        if not run.template_name:
            return EMPTY
        version = f"version {run.template_version}" if run.template_version else "as a label"
        if run.template_id is None:
            return f"{run.template_name}, {version} (deleted)"
        linked = link(page_url(WorkflowTemplate, run.template_id), run.template_name)
        if run.template_version:
            version = link(version_url(run.template_id, run.template_version), version)
        return format_html("{}, {}", linked, version)

    @admin.display(description="state", ordering="state")
    def state_shown(self, run: WorkflowRun) -> SafeString:
        """Return the state, how many tasks are blocked, and whether the run is set aside."""
        return run_badges(run, getattr(run, "situation", None))

    @admin.display(description="tasks")
    def progress_shown(self, run: WorkflowRun) -> SafeString:
        """Return how many tasks have succeeded, and the states of the others."""
        return progress(run.task_counts)

    @admin.display(description="what it waits for")
    def sentence_shown(self, run: WorkflowRun) -> str | SafeString:
        """Return the sentence about the run; nothing of one that succeeded."""
        situation: Situation | None = getattr(run, "situation", None)
        if run.state == RunState.SUCCESS or not situation:
            return EMPTY
        said = linked(situation.sentence, [task.as_json() for task in situation.tasks])
        return format_html('<div class="clamped" title="{}">{}</div>', situation.sentence, said)

    @admin.display(description="parameters")
    def parameters_shown(self, run: WorkflowRun) -> str | SafeString:
        """Return the parameters of the run."""
        return pretty(run.parameters) if run.parameters else EMPTY
