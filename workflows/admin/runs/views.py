"""The URLs behind the page of a run: its graph, its changes, the dispatch buttons."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.actions.registry import DISPATCH, DISPATCH_ALL
from workflows.admin.dashboard.first_hour import dismiss_view, example_view
from workflows.admin.logs import RunLogViews
from workflows.admin.runs.live import graph_of, latest_event
from workflows.admin.runs.page import changes_since
from workflows.admin.ui.base import actor, is_id
from workflows.admin.ui.display import page_url, pretty
from workflows.admin.ui.sentences import dispatch_sentence
from workflows.dispatch.result import MOST_KEPT
from workflows.errors import WorkflowError
from workflows.models import WorkflowRun
from workflows.operations.dispatch_ready import dispatch_ready

VIEW_TASK = "workflows.view_task"
NO_STORE = {"Cache-Control": "no-store"}


class RunViews(RunLogViews, OperableAdmin):
    """The views behind the page of a run."""

    def get_urls(self) -> list[URLPattern]:
        """Add the URLs of the dispatch buttons, the graph, the changes and the first run."""
        views = {
            "dispatch-ready": (self.dispatch_view, "dispatch"),
            "graph": (self.graph_view, "graph"),
            "changes": (self.changes_view, "changes"),
        }
        ours = [
            path(
                f"<int:run_id>/{address}/",
                self.admin_site.admin_view(view),
                name=f"workflows_workflowrun_{name}",
            )
            for address, (view, name) in views.items()
        ]
        first_hour = [
            path(
                f"first-hour/{name}/",
                self.admin_site.admin_view(view),
                name=f"workflows_workflowrun_{name}",
            )
            for name, view in (("example", example_view), ("dismiss", dismiss_view))
        ]
        return [*ours, *first_hour, *super().get_urls()]

    def graph_view(self, request: HttpRequest, run_id: int) -> JsonResponse:
        """Return the tasks and edges of a run for its graph."""
        if not (self.has_view_permission(request) and request.user.has_perm(VIEW_TASK)):
            raise PermissionDenied
        run = get_object_or_404(self.get_queryset(request), pk=run_id)
        return JsonResponse(graph_of(run, request.user.has_perm), headers=NO_STORE)

    def changes_view(self, request: HttpRequest, run_id: int) -> HttpResponseBase:
        """Return what has changed in a run since the event `?after=`; 304 if nothing has."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        after, latest = request.GET.get("after", "0"), latest_event(run_id)
        if latest is None or not is_id(after):
            raise Http404
        etag = quote_etag(str(latest))
        return get_conditional_response(request, etag) or JsonResponse(
            changes_since(int(after), self, request, run_id), headers={"ETag": etag, **NO_STORE}
        )

    def dispatch_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Dispatch one or all ready tasks, or preview that."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_view_permission(request) and self.has_operate_permission(request)):
            raise PermissionDenied
        how = request.POST.get("how")
        if how == "preview":
            return self._preview(request, run_id)
        operation = DISPATCH_ALL if how == "all" else DISPATCH
        self.carry_out(request, operation, [WorkflowRun(pk=run_id)])
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
            "sentence": dispatch_sentence(answer, is_preview=True),
            "answer": pretty(answer),
            "dispatchable": answer["dispatched"],
        }
        return TemplateResponse(request, "workflows/workflowrun/preview.html", context)
