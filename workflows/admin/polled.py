"""What each open page asks again and again: the numbers, watched runs, and who is logged in."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse

from workflows.admin.runs.tab import sign_of
from workflows.admin.ui.base import is_id
from workflows.admin.ui.display import page_url
from workflows.insight.attention import attention_counts
from workflows.insight.situation import situations
from workflows.models import RunState, WorkflowRun
from workflows.sites import current_site

MOST_WATCHED = 20
"""How many runs one browser may watch."""
OVER = {RunState.SUCCESS, RunState.FAILED, RunState.ABORTED}


def attention_view(request: HttpRequest) -> HttpResponse:
    """
    Return how many items need attention, of the kinds that the reader may see.

    With `?watched=12,13`, also how these runs stand.
    """
    counts: dict[str, Any] = dict(attention_counts(request.user.has_perm))
    wanted = [pk for pk in request.GET.get("watched", "").split(",") if is_id(pk)]
    if wanted and request.user.has_perm("workflows.view_workflowrun"):
        counts["watched"] = list(_watched(wanted[:MOST_WATCHED]))
    return JsonResponse(counts)


def _watched(ids: list[str]) -> Iterator[dict[str, Any]]:
    runs = list(WorkflowRun.objects.filter(pk__in=ids).defer("last_dispatch"))
    standing = situations(runs)
    for run in runs:
        situation = standing[run.pk]
        # A failure of one branch or a gate that was reached changes what helps, not the state.
        waits = ",".join(sorted({each.operation for each in situation.suggestions}))
        yield {
            "id": run.pk,
            "state": f"{run.state}:{waits}",
            "title": f"{sign_of(run)} Run {run.pk} {run.template_name}: {run.state}",
            "sentence": situation.sentence,
            "url": page_url(WorkflowRun, run.pk),
            "is_over": run.state in OVER,
        }


def session_view(request: HttpRequest) -> HttpResponse:
    """
    Return who is logged in, and a CSRF token of now.

    In a tab, where somebody has just logged in, this is a page that says so and closes itself.
    """
    if request.accepts("text/html"):
        context = {**current_site().each_context(request), "title": "You are logged in"}
        return TemplateResponse(request, "workflows/logged_in.html", context)
    return JsonResponse({"user": request.user.get_username(), "token": get_token(request)})
