"""The list of runs as a file for spreadsheets: all pages of what is filtered and searched."""

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone

from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.ui.display import list_url
from workflows.db import counting
from workflows.insight.durations import seconds_of_run, usual_of_runs
from workflows.insight.situation import situations
from workflows.models import RunState, WorkflowRun
from workflows.models.label import labels_of

BATCH = 200
"""So many runs are read at once."""
COLUMNS = (
    *("run", "state", "template", "version", "parameters", "labels", "why", "by"),
    *("created at", "started at", "finished at", "seconds", "usual seconds", "steps", "done"),
)
CUT = "Only the first {:,} runs of the list are in this file. Narrow the list by a filter."
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins with one of these would be calculated by a spreadsheet."""
NO_STORE = {"Cache-Control": "no-store"}


class Line:
    """A file whose writer is given back what it has written."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


class ExportViews(OperableAdmin):
    """The view behind *Export*."""

    def get_urls(self) -> list[URLPattern]:
        """Add it."""
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="workflows_workflowrun_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Return what the list shows with the same address, all pages of it, while it is read."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            runs = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:  # the list says so
            return HttpResponseRedirect(f"{list_url(WorkflowRun)}?{request.GET.urlencode()}")
        # Their numbers first: none is left out or comes twice if the list changes meanwhile.
        found = list(runs.values_list("pk", flat=True)[: counting.MOST_COUNTED + 1])
        named = f'attachment; filename="runs-{timezone.localtime():%Y-%m-%d-%H%M}.csv"'
        return StreamingHttpResponse(
            lines_of(found),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": named, **NO_STORE},
        )


def lines_of(numbers: Sequence[int]) -> Iterator[str]:
    """Yield a head and the lines of these runs; of too many, at the end a line that says so."""
    writer = csv.writer(Line())
    shown = numbers[: counting.MOST_COUNTED]
    batches = (shown[at : at + BATCH] for at in range(0, len(shown), BATCH))
    for row in chain([COLUMNS], chain.from_iterable(map(_rows, batches))):
        yield writer.writerow(map(_cell, row))
    if len(numbers) > counting.MOST_COUNTED:
        yield writer.writerow([CUT.format(counting.MOST_COUNTED)])


def _rows(numbers: Sequence[int]) -> Iterator[Sequence[Any]]:
    runs = WorkflowRun.objects.defer("last_dispatch", "secrets", "encrypted_secrets")
    found = runs.in_bulk(numbers)
    standing = situations(list(found.values()))
    labels = labels_of(found)
    usual = usual_of_runs({run.template_id for run in found.values() if run.template_id})
    for run in (found[number] for number in numbers if number in found):
        yield (
            *(run.pk, run.state, run.template_name, run.template_version),
            *(run.parameters, labels.get(run.pk, {})),
            "" if run.state == RunState.SUCCESS else standing[run.pk].sentence,
            run.initiated_by or run.creator.name,
            *(run.created_at, run.started_at, run.finished_at),
            *(_rounded(seconds_of_run(run)), _rounded(usual.get(run.template_id or 0))),
            *(sum(run.task_counts.values()), run.task_counts.get("success", 0)),
        )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _cell(value: Any) -> str:
    """Return a value as text, which no spreadsheet takes for a formula."""
    if value is None or value == {}:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if value.startswith(FORMULAS) else value
