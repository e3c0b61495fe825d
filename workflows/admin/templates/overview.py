"""The pages on which a template is read: its history, runs, graph, parameters, and who may what."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from workflows.admin.runs.rows import run_rows
from workflows.admin.templates.builder import template_graph
from workflows.admin.templates.figures import figures_of
from workflows.admin.templates.grid import SIGNS, grid_data, kinds_of
from workflows.admin.templates.policy import PolicyViews
from workflows.admin.templates.step_page import CHANGE
from workflows.admin.templates.versions import MOST_DRAWN
from workflows.admin.templates.who_may import who_may
from workflows.admin.ui.display import EMPTY, list_url, parameter_text
from workflows.authoring.store import spec_of
from workflows.insight.attention import latest_event
from workflows.insight.history import History, history_of
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.payloads.parameters import properties
from workflows.sites import admin_url

NAME = "workflows_workflowtemplate_{}"
TABS = {
    "overview": "History",
    "runs": "Runs",
    "graph": "Graph",
    "parameters": "Parameters",
    "who": "Who may",
}
NO_STORE = {"Cache-Control": "no-store"}
VIEW_RUNS, VIEW_TASKS = "workflows.view_workflowrun", "workflows.view_task"
MOST_COUNTED = 1_000
LATEST = 50
"""How many runs the tab lists; the list of runs has all of them."""


class Tab(NamedTuple):
    """A tab of the page, as a link."""

    label: str
    url: str
    is_current: bool
    tally: str = ""


def overview_url(template_id: int, tab: str = "overview") -> str:
    """Return the address of the page on which a template is read."""
    return admin_url(NAME.format(tab), template_id)


class OverviewViews(PolicyViews):
    """The tabs of a template; each is a page of its own, so that none loads what another shows."""

    def get_urls(self) -> list[URLPattern]:
        """Add the tabs, and the data of the grid."""
        views = {
            "overview": self.overview_view,
            "grid": self.grid_view,
            "runs": self.runs_view,
            "graph": self.graph_view,
            "parameters": self.parameters_view,
            "who": self.who_view,
        }
        ours = [
            path(
                f"<int:template_id>/{name}/",
                self.admin_site.admin_view(view),
                name=NAME.format(name),
            )
            for name, view in views.items()
        ]
        return [*ours, *super().get_urls()]

    def overview_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """Show how the latest runs went, step by step."""
        template = self._template(request, template_id)
        if not request.user.has_perm(VIEW_RUNS):
            return self._tab(request, template, "overview", {})
        history = history_of(template_id)
        shows_tasks = request.user.has_perm(VIEW_TASKS)
        context = {
            "figures": list(figures_of(template, history)),
            "history": history,
            "grid": grid_data(history, shows_tasks=shows_tasks),
            "grid_url": admin_url(NAME.format("grid"), template_id),
            "rows": list(_table(history)) if shows_tasks else (),
            "failing": history.failing() if shows_tasks else (),
            "slowest": list(history.slowest()),
        }
        return self._tab(request, template, "overview", context)

    def grid_view(self, request: HttpRequest, template_id: int) -> HttpResponseBase:
        """Return the data of the grid, for an open page; 304 if nothing at all has happened."""
        if not (self.has_view_permission(request) and request.user.has_perm(VIEW_RUNS)):
            raise PermissionDenied
        self._template(request, template_id)
        etag = quote_etag(str(latest_event()))
        if unchanged := get_conditional_response(request, etag):
            return unchanged
        shows_tasks = request.user.has_perm(VIEW_TASKS)
        data = grid_data(history_of(template_id), shows_tasks=shows_tasks)
        return JsonResponse(data, headers={"ETag": etag, **NO_STORE})

    def runs_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """List the latest runs."""
        template = self._template(request, template_id)
        if not request.user.has_perm(VIEW_RUNS):
            raise PermissionDenied(f"This needs the permission {VIEW_RUNS}.")
        context = {
            "rows": run_rows(WorkflowRun.objects.filter(template=template_id), LATEST),
            "runs_url": list_url(WorkflowRun, template__id__exact=template_id),
        }
        return self._tab(request, template, "runs", context)

    def graph_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """Draw the steps."""
        template = self._template(request, template_id)
        is_drawn = template.steps.count() <= MOST_DRAWN
        drawing = template_graph(spec_of(template)) if is_drawn else None
        return self._tab(request, template, "graph", {"drawing": drawing})

    def parameters_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """List the parameters of its runs, and its labels."""
        template = self._template(request, template_id)
        rows = list(_parameters(template.parameters_schema))
        return self._tab(request, template, "parameters", {"rows": rows})

    def who_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """Say who may run, change and approve."""
        template = self._template(request, template_id)
        return self._tab(request, template, "who", who_may(template, request))

    def _tab(
        self, request: HttpRequest, template: WorkflowTemplate, tab: str, context: dict[str, Any]
    ) -> HttpResponse:
        may = request.user.has_perm
        surroundings = {
            "title": template.name,
            "tabs": list(_tabs(request, template, tab)),
            "may_change": may(CHANGE),
            "may_delete": self.has_delete_permission(request, template),
            "run_url": run_url(template.pk) if may("workflows.add_workflowrun") else None,
        }
        name = f"tabs/{tab}.html"
        return self._page(request, name, template, {**surroundings, **context})


def _tabs(request: HttpRequest, template: WorkflowTemplate, current: str) -> Iterator[Tab]:
    counts = {"parameters": str(len(properties(template.parameters_schema)) or "")}
    sees_runs = request.user.has_perm(VIEW_RUNS)
    if sees_runs:
        of_it = WorkflowRun.objects.filter(template=template.pk).order_by()
        runs = of_it[: MOST_COUNTED + 1].count()
        counts["runs"] = f"{MOST_COUNTED:,}+" if runs > MOST_COUNTED else str(runs)
    for name, label in TABS.items():
        if name != "runs" or sees_runs:
            url = overview_url(template.pk, name)
            yield Tab(label, url, name == current, counts.get(name, ""))


def _parameters(schema: dict[str, Any]) -> Iterator[tuple[str, str, str, bool, str]]:
    """Yield the name of each parameter, its type, its default, if it is required, and about it."""
    required = set(schema.get("required", ()))
    for name, given in properties(schema).items():
        values = [parameter_text(value) for value in given.get("enum", ())]
        kind = ", ".join(values) or str(given.get("format") or given.get("type") or "any")
        secret = ", secret" if given.get("writeOnly") else ""
        default = parameter_text(given["default"]) if "default" in given else EMPTY
        about = str(given.get("description") or given.get("title") or "")
        yield name, kind + secret, default, name in required, about


def run_url(template_id: int) -> str:
    """Return the address of the form that starts a run of a template."""
    return f"{admin_url('workflows_workflowrun_add')}?template={template_id}"


def _table(history: History) -> Iterator[tuple[str, int, list[str], float | None]]:
    """Yield the rows of the grid as a table of signs, for readers without the script."""
    for step_id in history.step_ids:
        signs = [SIGNS[letter] for letter in kinds_of(history, history.of_step(step_id))]
        failures = sum(history.failures.get(step_id, ()))
        yield step_id, failures, signs, history.usual_steps.get(step_id)
