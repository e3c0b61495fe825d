"""What the log viewer asks for: ranges of one log, and a search over all logs of a run."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import slugify

from workflows.admin.ui.base import ReadOnlyAdmin, is_id
from workflows.admin.ui.display import list_url, page_url
from workflows.insight.log_range import end_of_log, log_after, log_before
from workflows.insight.log_search import LogSearch, search_logs
from workflows.models import LogPiece, Task, TaskAttempt, WorkflowRun
from workflows.payloads.patterns import LONGEST_PATTERN, PatternRefused
from workflows.sites import model_admin_of

NO_STORE = {"Cache-Control": "no-store"}
LOG, PIECES = "workflows_taskattempt_log", "workflows_taskattempt_pieces"
LOGS, SEARCH = "workflows_workflowrun_logs", "workflows_workflowrun_log_search"


class AttemptLogViews(ReadOnlyAdmin):
    """The views of one attempt's log."""

    def get_urls(self) -> list[URLPattern]:
        """Add the URLs of the whole log, and of its ranges."""
        log, pieces = map(self.admin_site.admin_view, (self.log_view, self.pieces_view))
        return [
            path("<uuid:attempt_id>/log/", log, name=LOG),
            path("<uuid:attempt_id>/pieces/", pieces, name=PIECES),
            *super().get_urls(),
        ]

    def log_view(self, request: HttpRequest, attempt_id: UUID) -> StreamingHttpResponse:
        """Return the whole log as plain text; as a file for `?download`."""
        attempt = self._attempt(request, attempt_id)
        pieces = LogPiece.objects.filter(attempt=attempt_id).order_by("offset")
        texts = pieces.values_list("text", flat=True).iterator(chunk_size=10)
        answer = StreamingHttpResponse(texts, content_type="text/plain; charset=utf-8")
        if "download" in request.GET:
            name = slugify(f"run {attempt.task.run_id} {attempt.task} {attempt.number}")
            answer["Content-Disposition"] = f'attachment; filename="{name}.log"'
        return answer

    def pieces_view(self, request: HttpRequest, attempt_id: UUID) -> JsonResponse:
        """Return the end of the log, or what stands before or after an offset."""
        attempt = self._attempt(request, attempt_id)
        given = {name: request.GET[name] for name in ("before", "after") if name in request.GET}
        if not all(map(is_id, given.values())):
            return _refused("before and after are numbers")
        if "after" in given:
            found = log_after(attempt, int(given["after"]))
        elif "before" in given:
            found = log_before(attempt, int(given["before"]))
        else:
            found = end_of_log(attempt)
        return JsonResponse(found, headers=NO_STORE)

    def _attempt(self, request: HttpRequest, attempt_id: UUID) -> TaskAttempt:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = TaskAttempt.objects.filter(pk=attempt_id).select_related("task")
        attempt = found.defer("payload", "result", "task__payload").first()
        if attempt is None:
            raise Http404
        return attempt


class RunLogViews(ReadOnlyAdmin):
    """The views of all logs of a run."""

    def get_urls(self) -> list[URLPattern]:
        """Add the URLs of the page of all logs, and of the search in them."""
        page, search = map(self.admin_site.admin_view, (self.logs_view, self.log_search_view))
        return [
            path("<int:run_id>/logs/", page, name=LOGS),
            path("<int:run_id>/logs/search/", search, name=SEARCH),
            *super().get_urls(),
        ]

    def logs_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Return the page on which the logs of a run fill the window."""
        run = self._run(request, run_id)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Logs of run {run.pk}",
            "opts": self.opts,
            "media": self.media,
            "original": run,
            "run_url": page_url(WorkflowRun, run.pk),
            "tasks_url": list_url(Task, run=run.pk),
        }
        return TemplateResponse(request, "workflows/workflowrun/logs.html", context)

    def log_search_view(self, request: HttpRequest, run_id: int) -> JsonResponse:
        """Return how often a text stands in each log of the run."""
        run, text = self._run(request, run_id), request.GET.get("q", "")
        if len(text) > LONGEST_PATTERN:
            return _refused(f"search for at most {LONGEST_PATTERN:,} characters")
        given = {"is_pattern": "pattern" in request.GET, "has_case": "case" in request.GET}
        try:
            found = search_logs(run, text, **given) if text else LogSearch()
        except PatternRefused as refusal:
            return _refused(str(refusal))
        answer = {"hits": found.hits, "logs": found.logs, "left_out": found.left_out}
        return JsonResponse(answer, headers=NO_STORE)

    def _run(self, request: HttpRequest, run_id: int) -> WorkflowRun:
        pages = (self, model_admin_of(Task), model_admin_of(TaskAttempt))
        if not all(page and page.has_view_permission(request) for page in pages):
            raise PermissionDenied
        run: WorkflowRun = get_object_or_404(self.get_queryset(request), pk=run_id)
        return run


def _refused(why: str) -> JsonResponse:
    return JsonResponse({"detail": why}, status=400)
