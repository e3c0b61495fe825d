"""The keys of a search: what each looks at, and what may be written behind it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from runners.database import connection
from workflows.models import (
    Approval,
    ApprovalStatus,
    RunLabel,
    RunRecord,
    RunState,
    Task,
    WorkflowRun,
    WorkflowTemplate,
)
from workflows.payloads.suggestions import MOST_COMPARED, suggested
from workflows.runs.locks import LARGEST_ID
from workflows.search import failures
from workflows.search.moments import read_moment
from workflows.search.slowness import MOST_TEMPLATES, took_times_usual
from workflows.search.syntax import BadSearch
from workflows.search.words import has_step, is_word, notes, parameter_is

Runs = QuerySet[WorkflowRun]
VIEW_TASK, VIEW_EVENT = "workflows.view_task", "workflows.view_event"
VIEW_APPROVAL = "workflows.view_approval"
MOST_NAMED = 100
"""Templates whose names have a word of free text."""
MOST_APPROVED = 1_000
"""So many of the newest decisions are looked through for who has approved."""
MANY_APPROVED = "Only the newest {:,} approvals were searched for approved:{}."
MANY_TEMPLATES = "Only runs of the {:,} templates that were made last were compared for slow:{}."
MANY_FAILURES = "Only the newest {:,} failures were searched for message:{}. Add a rarer word."


@dataclass(frozen=True, slots=True)
class Scope:
    """Which runs a condition looks at, and what is to be said about that."""

    newest: Q = field(default_factory=Q)
    """What no index answers is asked of these runs alone."""
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a search."""

    condition: Callable[[str, Scope], Q] | None
    """Returns the condition of a value; None: logs are looked at last, by logs.py."""
    help: str
    permission: str = ""
    """Who lacks it cannot see what is looked at, and must not guess it by searching."""
    reads_runs: Callable[[], bool] = lambda: False
    """Returns True if no index answers it on this database."""
    once: bool = False


def _state(value: str, _: Scope) -> Q:
    if value not in RunState.values:
        raise BadSearch(f"state:{value} is no state; {suggested(value, RunState.values)}")
    return Q(state=value)


def _template(value: str, _: Scope) -> Q:
    number = value.removeprefix("#")
    if value.startswith("#") and _is_id(number):
        return Q(template=int(number))
    named = WorkflowTemplate.objects.filter(name=value)
    if not named.exists() and not WorkflowRun.objects.filter(template_name=value).exists():
        names = WorkflowTemplate.objects.values_list("name", flat=True)[:MOST_COMPARED]
        hint = suggested(value, list(names)) or "there is none yet"
        raise BadSearch(f"template:{value} is no template; {hint}")
    return Q(template_name=value)


def _label(value: str, _: Scope) -> Q:
    key, equals, wanted = value.partition("=")
    labels = RunLabel.objects.filter(key=key).order_by()
    labels = labels.filter(value=wanted) if equals else labels
    return Q(pk__in=labels.values("run"))


def _param(value: str, scope: Scope) -> Q:
    name, equals, wanted = value.partition("=")
    if not (name and equals):
        raise BadSearch(f"param:{value} has no value; write param:NAME=VALUE")
    found = parameter_is(name, wanted)
    return found if connection.vendor == "postgresql" else found & scope.newest


def _by(value: str, scope: Scope) -> Q:
    names = Q(initiated_by__icontains=value) | Q(created_by__icontains=value)
    return scope.newest & names


def _approved(value: str, scope: Scope) -> Q:
    approved = Approval.objects.filter(is_word("status", ApprovalStatus.APPROVED.value))
    newest = approved.order_by("-pk").values_list("pk", flat=True)
    if last := newest[MOST_APPROVED : MOST_APPROVED + 1].first():
        scope.remarks.append(MANY_APPROVED.format(MOST_APPROVED, value))
        approved = approved.filter(pk__gt=last)
    by_person = approved.filter(decided_by__icontains=value).order_by()
    tasks = list(by_person.values_list("task", flat=True))  # or all tasks would be joined
    return Q(pk__in=Task.objects.filter(pk__in=tasks, run__isnull=False).values("run"))


def _slow(value: str, scope: Scope) -> Q:
    found, are_all = took_times_usual(value, scope.newest)
    if not are_all:
        scope.remarks.append(MANY_TEMPLATES.format(MOST_TEMPLATES, value))
    return found


def _message(value: str, scope: Scope) -> Q:
    found, are_all = failures.failures_with(value)
    if not are_all:
        scope.remarks.append(MANY_FAILURES.format(failures.MOST_FAILURES, value))
    return Q(pk__in=found.values("task__run"))


def _note(value: str, _: Scope) -> Q:
    return Q(pk__in=notes().filter(reason__icontains=value).values("run"))


def _free(value: str, scope: Scope) -> Q:
    if _is_id(value):
        if WorkflowRun.objects.filter(pk=int(value)).exists():
            return Q(pk=int(value))
        for record in RunRecord.objects.filter(pk=int(value)).exclude(removed_at=None):
            scope.remarks.append(f"There is no run {value}; {record.removal_sentence}.")
    templates = WorkflowTemplate.objects.filter(name__icontains=value).order_by()
    names = list(templates.values_list("name", flat=True)[:MOST_NAMED])
    found = Q(template_name__icontains=value) | Q(initiated_by__icontains=value)
    found = scope.newest & found
    return found | Q(template_name__in=names) if names else found


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID


ALWAYS: Callable[[], bool] = lambda: True  # noqa: E731
FREE = Key(_free, "run number, template, who started it", reads_runs=ALWAYS)
KEYS = {
    "state": Key(_state, "state of the run"),
    "template": Key(_template, "name of its template, or #12"),
    "label": Key(_label, "a label: label:team=data, or label:team"),
    "param": Key(
        _param,
        "a parameter: param:day=2026-11-27, param:source.table=orders",
        reads_runs=lambda: connection.vendor != "postgresql",
    ),
    "step": Key(lambda value, _: has_step(value), "a step, by its id: step:migrate", VIEW_TASK),
    "by": Key(_by, "who started or created it", reads_runs=ALWAYS),
    "approved": Key(_approved, "who approved one of its tasks", VIEW_APPROVAL),
    "slow": Key(_slow, "took so many times the usual: slow:1.5", reads_runs=ALWAYS, once=True),
    "after": Key(
        lambda value, _: Q(created_at__gte=read_moment("after", value)),
        "created then or later: 2026-11-27, yesterday, 7d",
        once=True,
    ),
    "before": Key(
        lambda value, _: Q(created_at__lt=read_moment("before", value)),
        "created earlier",
        once=True,
    ),
    "message": Key(_message, "words of why an attempt failed", VIEW_TASK),
    "note": Key(_note, "text of a note", VIEW_EVENT),
    "log": Key(None, "text in a log (PostgreSQL)", VIEW_TASK),
}
"""By name, in the order in which help lists them."""
