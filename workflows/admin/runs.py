"""Runs: their list, their page, the dispatch button."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows.admin.approvals import undecided
from workflows.admin.base import ReadOnlyAdmin, RefusableAdmin, RefusableForm, actor, page_of
from workflows.admin.display import (
    EMPTY,
    badge,
    link,
    list_url,
    moment,
    page_url,
    pretty,
    progress,
)
from workflows.admin.fields import JSONObjectFormField
from workflows.admin.operable import OperableAdmin
from workflows.admin.operations import DISPATCH, DISPATCH_ALL, STEERING
from workflows.admin.sentences import dispatch_sentence, explained, linked
from workflows.admin.tasks import remarks
from workflows.dispatch import MOST_KEPT, dispatch_ready
from workflows.errors import WorkflowError
from workflows.explain import explain
from workflows.models import (
    Approval,
    Event,
    Task,
    TaskAttempt,
    TaskState,
    WorkflowRun,
    WorkflowTemplate,
)
from workflows.readiness import deadlocks
from workflows.runs import create_run

TIMES = tuple(map(moment, ("created_at", "started_at", "finished_at")))
MOST_EXPLAINED = 10
"""Tasks whose waiting is explained on the page of a run."""
LATEST = 15
"""Attempts and events on the page of a run; their lists have all of them."""


class RunForm(RefusableForm):
    """A new run."""

    template = forms.ModelChoiceField(
        WorkflowTemplate.objects.all(),
        help_text="Its steps are copied into the run: later edits of the template never touch it.",
    )
    parameters = JSONObjectFormField(
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80, "class": "json"}),
        help_text='An object such as {"day": "2026-01-31"}; '
        "the steps use it as {{ params.day }}. Empty: no parameters.",
    )

    class Meta:
        model = WorkflowRun
        fields = ("template", "parameters", "auto_dispatch")


class RunList(ChangeList):
    """A page of runs, with what is known of their deadlocks: one statement for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        found = deadlocks(self.result_list)
        for run in self.result_list:
            run.deadlock = found.get(run.pk)


@admin.register(WorkflowRun)
class WorkflowRunAdmin(RefusableAdmin, OperableAdmin):
    """Runs are made here, and then change by operations only."""

    operations = (DISPATCH, DISPATCH_ALL, *STEERING)
    form = RunForm
    add_form_template = "admin/change_form.html"
    list_display = (
        "number",
        "made_from",
        "state_shown",
        "progress_shown",
        "initiated_by",
        moment("created_at"),
        moment("finished_at"),
    )
    list_filter = (
        "state",
        "auto_dispatch",
        ("template", admin.RelatedOnlyFieldListFilter),
    )
    date_hierarchy = "created_at"
    search_fields = ("id__exact", "template_name", "initiated_by")
    search_help_text = "Number of a run, name of its template, or who started it."
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
        """Leave out the kept answer, which may be long; a run's page reads it by itself."""
        return super().get_queryset(request).defer("last_dispatch")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """List with deadlocks."""
        return RunList

    def get_fieldsets(self, request: HttpRequest, obj: WorkflowRun | None = None) -> Any:
        """Ask for little, show much."""
        if obj is None:
            return [(None, {"fields": RunForm.Meta.fields})]
        return super().get_fieldsets(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Those who may add runs."""
        return super(ReadOnlyAdmin, self).has_add_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the dispatch button."""
        view = self.admin_site.admin_view(self.dispatch_view)
        name = "workflows_workflowrun_dispatch"
        return [path("<int:run_id>/dispatch-ready/", view, name=name), *super().get_urls()]

    def described(self, run: WorkflowRun) -> tuple[str, str]:
        """Name the template and the state."""
        return run.template_name, run.state

    def save_model(
        self, request: HttpRequest, obj: WorkflowRun, form: RunForm, change: bool
    ) -> None:
        """Create the run, by the same operation as every other door."""
        run = create_run(
            template_id=form.cleaned_data["template"].pk,
            parameters=form.cleaned_data["parameters"],
            auto_dispatch=form.cleaned_data["auto_dispatch"],
            by=actor(request),
        )
        obj.pk = run.pk

    def response_post_save_add(
        self, request: HttpRequest, obj: WorkflowRun
    ) -> HttpResponseRedirect:
        """Go on with the page of the new run."""
        if self.has_view_permission(request):
            return HttpResponseRedirect(page_url(WorkflowRun, obj.pk))
        return super().response_post_save_add(request, obj)

    def dispatch_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Dispatch what is ready, or show what would be."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_view_permission(request) and self.has_operate_permission(request)):
            raise PermissionDenied
        how = request.POST.get("how")
        if how == "preview":
            return self._preview(request, run_id)
        self.carry_out(request, DISPATCH_ALL if how == "all" else DISPATCH, run_id)
        return HttpResponseRedirect(page_url(WorkflowRun, run_id))

    def _preview(self, request: HttpRequest, run_id: int) -> HttpResponse:
        try:
            result = dispatch_ready(run_id, limit=None, dry_run=True, by=actor(request))
        except WorkflowError as refusal:
            self.message_user(request, f"Preview refused: {refusal.detail}.", messages.ERROR)
            return HttpResponseRedirect(page_url(WorkflowRun, run_id))
        answer = result.as_kept(MOST_KEPT)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Preview of workflow run {run_id}",
            "opts": self.opts,
            "media": self.media,
            "run_id": run_id,
            "sentence": dispatch_sentence(answer, foreseen=True),
            "answer": pretty(answer),
            "dispatchable": answer["dispatched"],
        }
        return TemplateResponse(request, "admin/workflows/workflowrun/preview.html", context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: WorkflowRun | None = None,
    ) -> HttpResponse:
        """Add what surrounds a run."""
        if obj is not None:
            context.update(self._surroundings(request, obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _surroundings(self, request: HttpRequest, run: WorkflowRun) -> dict[str, Any]:
        answer = explain(run.pk, most=MOST_EXPLAINED)
        run.deadlock = answer["deadlock"]  # type: ignore[attr-defined]
        tasks = run.tasks.select_related("runner").defer("payload").order_by("position")
        attempts = TaskAttempt.objects.filter(task__run=run).order_by("-dispatched_at", "-number")
        events = Event.objects.filter(run=run).order_by("-id").select_related("task")
        return {
            "state": self.state_shown(run),
            "progress": self.progress_shown(run),
            "dispatching": self.offered(request, run, [DISPATCH, DISPATCH_ALL]),
            "steering": self.offered(request, run, STEERING),
            "told": linked(answer["sentence"], (answer["deadlock"] or {}).get("root_causes", ())),
            "waiting": list(map(_row, answer["blocked"])),
            "pending_url": list_url(Task, run=run.pk, state__exact=TaskState.PENDING),
            "approvals_count": undecided(Approval.objects.filter(task__run=run)).count(),
            "approvals_url": list_url(Approval, run=run.pk),
            "sentence": dispatch_sentence(run.last_dispatch) if run.last_dispatch else None,
            "answer": pretty(run.last_dispatch),
            "tasks": _remarked(page_of(tasks, request)),
            "attempts": attempts.select_related("task").defer("payload", "result")[:LATEST],
            "events": events.defer("payload", "task__payload")[:LATEST],
            "tasks_url": list_url(Task, run=run.pk),
            "attempts_url": list_url(TaskAttempt, run=run.pk),
            "events_url": list_url(Event, run=run.pk),
        }

    @admin.display(description="run", ordering="pk")
    def number(self, run: WorkflowRun) -> str:
        """Return how people call a run."""
        return f"run {run.pk}"

    @admin.display(description="template", ordering="template_name")
    def made_from(self, run: WorkflowRun) -> str | SafeString:
        """Return the template and the version that the run was made from."""
        if not run.template_name:
            return EMPTY
        version = f"version {run.template_version}" if run.template_version else "as a label"
        if run.template_id is None:
            return f"{run.template_name}, {version} (deleted)"
        linked = link(page_url(WorkflowTemplate, run.template_id), run.template_name)
        return format_html("{}, {}", linked, version)

    @admin.display(description="state", ordering="state")
    def state_shown(self, run: WorkflowRun) -> SafeString:
        """Return the state, and whether the run can go on by itself."""
        if getattr(run, "deadlock", None):
            return format_html("{} {}", badge(run.state), badge("deadlocked"))
        return badge(run.state)

    @admin.display(description="tasks")
    def progress_shown(self, run: WorkflowRun) -> SafeString:
        """Return how many tasks are done, and what the others are."""
        return progress(run.task_counts)

    @admin.display(description="parameters")
    def parameters_shown(self, run: WorkflowRun) -> str | SafeString:
        """Return what the run was given."""
        return pretty(run.parameters) if run.parameters else EMPTY


def _row(entry: Mapping[str, Any]) -> tuple[int, str, SafeString]:
    return entry["task_id"], entry["step_id"] or f"task {entry['task_id']}", explained(entry)


def _remarked(tasks: Page[Task]) -> Page[Task]:
    for task in tasks:
        task.remarks = list(remarks(task))  # type: ignore[attr-defined]
    return tasks
