"""What the command palette finds: things to do, runs, templates, steps, people, pages."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.text import Truncator

from workflows.admin.actions.registry import APPROVAL_OPERATIONS, OPERATIONS
from workflows.admin.dashboard.items import known_actions
from workflows.admin.runs.rows import parameters_shown
from workflows.admin.templates.overview import VIEW_RUNS, overview_url, run_url
from workflows.admin.ui.base import is_id
from workflows.admin.ui.display import list_url, page_url
from workflows.insight.attention import first_failed_or_stuck_runs, undecided
from workflows.insight.situation import Situation, situations
from workflows.models import (
    Approval,
    ApprovalStatus,
    Task,
    TemplateStep,
    WorkflowRun,
    WorkflowTemplate,
)
from workflows.search.syntax import quoted
from workflows.sites import current_site, dashboard_url

MOST = 5
"""Of each kind at most so many are found."""
LONGEST = 100
"""Characters of what is looked for."""
MOST_STEPS = 5_000
"""So many steps are looked through for a part of their name."""
LONGEST_NOTE = 80
MOST_LOOKED_AT = 1_000
"""So many of the newest runs and approvals are looked through for persons."""
ACTS, PEOPLE, PAGES = ">", "@", ":"
"""A text that begins with one of these looks for nothing else."""
VIEW_TEMPLATES = "workflows.view_workflowtemplate"
KEYS: dict[str, type[Any]] = {"r": WorkflowRun, "t": WorkflowTemplate, "a": Approval}


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the palette: it leads to a page, or starts an operation on rows of a list."""

    text: str
    url: str
    icon: str
    note: str = ""
    operation: str = ""
    rows: tuple[int, ...] = ()


def palette_view(request: HttpRequest) -> HttpResponse:
    """Return what fits `?q=`, in sections; `?go=` leads to the page of a key."""
    if "go" in request.GET:
        model = KEYS.get(request.GET["go"])
        return HttpResponseRedirect(list_url(model) if model else dashboard_url())
    text = request.GET.get("q", "").strip()[:LONGEST]
    sections = [
        {"name": name, "items": [asdict(item) for item in found]}
        for name, find in _sections(text)
        if (found := [*find(request, text.lstrip(f"{ACTS}{PEOPLE}{PAGES} "))][: 2 * MOST])
    ]
    return JsonResponse({"sections": sections})


Find = Callable[[HttpRequest, str], Iterator[Item]]


def _sections(text: str) -> list[tuple[str, Find]]:
    if text.startswith(ACTS):
        return [("Act", _acts)]
    if text.startswith(PEOPLE):
        return [("People", _people)]
    if text.startswith(PAGES):
        return [("Pages", _pages)]
    first: list[tuple[str, Find]] = [("Act", _acts), ("Runs", _runs)]
    if is_id(text):
        first.reverse()  # a number alone is most likely that of a run
    return [*first, ("Templates and steps", _templates), ("Pages", _pages)]


def _acts(request: HttpRequest, text: str) -> Iterator[Item]:
    """Yield what helps runs that fail or are stuck, approvals to decide, and what can be run."""
    may = request.user.has_perm
    if may(VIEW_RUNS):
        yield from (item for item in _cures(request, text) if _fits(item, text))
    if may("workflows.view_approval"):
        yield from (item for item in _decisions(request) if _fits(item, text))
    if text and may(VIEW_TEMPLATES) and may("workflows.add_workflowrun"):
        for template in _named(text):
            yield Item(f"Run {template.name}…", run_url(template.pk), "play", "opens its form")


def _cures(request: HttpRequest, text: str) -> Iterator[Item]:
    runs = first_failed_or_stuck_runs(MOST)
    if is_id(text):
        wanted = WorkflowRun.objects.filter(pk=int(text)).defer("last_dispatch")
        runs = [*wanted, *(run for run in runs if run.pk != int(text))]
    standing = situations(runs)
    for run in runs:
        yield from _suggested(request, run, standing[run.pk])


def _suggested(request: HttpRequest, run: WorkflowRun, situation: Situation) -> Iterator[Item]:
    """Yield what the sentence on a run suggests, each with the step that it is about."""
    steps = {cause.task_id: f" {cause.step_id}" for cause in situation.tasks}
    note = Truncator(situation.sentence.replace("`", "")).chars(LONGEST_NOTE)
    models: dict[str, Any] = {"run": WorkflowRun, "task": Task}
    for each in situation.suggestions:
        if (model := models.get(each.target)) is None:
            continue
        about = steps.get(each.id, "") if model is Task else ""
        for action in known_actions(request, model, [OPERATIONS[each.operation]], [each.id]):
            operation = action.operation
            text = f"{operation.label}{about}: run {run.pk} {run.template_name}".strip()
            icon = operation.icon or ("canceled" if operation.is_destructive else "right")
            yield Item(text, action.url, icon, note, operation.name, (each.id,))


def _decisions(request: HttpRequest) -> Iterator[Item]:
    waiting = undecided(Approval.objects.order_by("pk")).select_related("task__run")
    for approval in waiting.defer("task__payload", "task__run__parameters")[:MOST]:
        task = approval.task
        about = f"{task.step_id} of run {task.run_id} {task.run.template_name if task.run else ''}"
        for action in known_actions(request, Approval, APPROVAL_OPERATIONS[:1], [approval.pk]):
            operation = action.operation
            yield Item(
                f"{operation.label} {about.strip()}…",
                action.url,
                "approval",
                task.title,
                operation.name,
                (approval.pk,),
            )


def _runs(request: HttpRequest, text: str) -> Iterator[Item]:
    """Yield the run of this number, and the latest runs of the first template with this name."""
    if not (text and request.user.has_perm(VIEW_RUNS)):
        return
    runs = WorkflowRun.objects.defer("last_dispatch", "secrets", "encrypted_secrets")
    if is_id(text):
        yield from map(_run_item, runs.filter(pk=int(text)))
    elif template := next(iter(_named(text)), None):
        yield from map(_run_item, runs.filter(template=template).order_by("-pk")[:MOST])
    yield Item(f"All runs with “{text}”", list_url(WorkflowRun, q=text), "search", "searches them")


def _run_item(run: WorkflowRun) -> Item:
    values = " · ".join(value for _, value in parameters_shown(run))
    text = f"{run.pk} {run.template_name}".strip()
    return Item(text, page_url(WorkflowRun, run.pk), run.state, values or run.state)


def _templates(request: HttpRequest, text: str) -> Iterator[Item]:
    if not (text and request.user.has_perm(VIEW_TEMPLATES)):
        return
    for template in _named(text):
        yield Item(template.name, overview_url(template.pk), "templates", f"v{template.version}")
    first = TemplateStep.objects.order_by("-pk").values("pk")[:MOST_STEPS]
    steps = TemplateStep.objects.filter(pk__in=first, step_id__icontains=text)
    for step in steps.select_related("template").only("step_id", "template__name")[:MOST]:
        url = f"{overview_url(step.template_id, 'graph')}#{step.step_id}"
        yield Item(step.step_id, url, "tasks", f"step of {step.template.name}")
    if request.user.has_perm("workflows.view_task"):
        for task in Task.objects.filter(step_id=text).order_by("-pk").only("step_id")[:1]:
            url = list_url(Task, step_id__exact=task.step_id)
            yield Item(f"All tasks {task.step_id}", url, "tasks", "of every run")


def _people(request: HttpRequest, text: str) -> Iterator[Item]:
    """Yield the runs that somebody has started or approved, by the names in the newest ones."""
    may = request.user.has_perm
    if not may(VIEW_RUNS):
        return
    approvals = may("workflows.view_approval")
    names = _who_started() | (_who_approved() if approvals else set())
    for name in sorted(each for each in names if text.casefold() in each.casefold())[:MOST]:
        started = list_url(WorkflowRun, q=f"by:{quoted(name)}")
        yield Item(f"Runs started by {name}", started, "approval")
        if approvals:
            approved = list_url(WorkflowRun, q=f"approved:{quoted(name)}")
            yield Item(f"Runs approved by {name}", approved, "success")


def _who_started() -> set[str]:
    newest = WorkflowRun.objects.order_by("-pk").values_list("initiated_by", "created_by")
    return {given or created for given, created in newest[:MOST_LOOKED_AT] if given or created}


def _who_approved() -> set[str]:
    approved = Approval.objects.filter(status=ApprovalStatus.APPROVED).order_by("-pk")
    return {name for name in approved.values_list("decided_by", flat=True)[:MOST_LOOKED_AT] if name}


def _named(text: str) -> list[WorkflowTemplate]:
    named = WorkflowTemplate.objects.filter(name__icontains=text)
    return list(named.only("name", "version")[:MOST])


def _pages(request: HttpRequest, text: str) -> Iterator[Item]:
    """Yield the lists that the reader may see."""
    pages = [Item("Dashboard", dashboard_url(), "dashboard")]
    for app in current_site().get_app_list(request):
        listed = (each for each in app["models"] if each["admin_url"])
        pages += [Item(str(each["name"]), str(each["admin_url"]), "right") for each in listed]
    yield from (item for item in pages if _fits(item, text))


def _fits(item: Item, text: str) -> bool:
    return all(word in item.text.casefold() for word in text.casefold().split())
