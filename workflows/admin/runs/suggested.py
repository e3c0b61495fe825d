"""The buttons beside the sentence on a run: what it suggests, as one reader may carry it out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from runners.models import Runner
from workflows.admin.actions.model_admin import FROM_RUN
from workflows.admin.actions.registry import DISPATCH_ALL, OPERATIONS, PAUSE
from workflows.admin.ui.display import list_url, page_url
from workflows.insight.situation import Situation
from workflows.models import Approval, RunState, Task, WorkflowRun
from workflows.operations.paths import read_passed_gates, with_passed_gates
from workflows.sites import admin_url, model_admin_of

MOST_BUTTONS = 3
"""How many buttons stand beside the sentence; the others are in the menu."""
URGENCY = ("resume", "retry_failed", "retry", "release", "approve", "reject", "enable", "see")
"""What comes first, if several things help."""
AGAIN = (RunState.ABORTED, RunState.SUCCESS)
"""Where running again is what stands beside the sentence."""
LABELS = {
    "retry_failed": "Retry {run.failed_count:,} failed",
    "mark_success": "Mark {name} success",
    "cancel_rest": "Cancel the {blocked} waiting",
    "dispatch_ready": "Start what is ready",
    "auto_dispatch_on": "Let it go on",
    "cancel": "Cancel {name}",
}
"""What the buttons say whose operation has another name elsewhere."""


@dataclass(frozen=True, slots=True)
class Cure:
    """A button beside the sentence: an operation on a row, or a link to a page that helps."""

    operation: str
    label: str
    pk: int = 0
    list_url: str = ""
    from_page: str = "1"
    reason: str = ""
    """Why it would be refused now; then it is greyed out."""
    href: str = ""
    is_question: bool = False
    is_help: bool = True
    """False if nothing needs help: the button is not filled then."""
    is_destructive: bool = False


class Cures:
    """
    What helps a run: up to three buttons beside its sentence, and more in the menu.

    A constant number of statements.
    """

    def __init__(self, request: HttpRequest, run: WorkflowRun, situation: Situation) -> None:
        """Read the rows that the suggestions are about."""
        self.request, self.run, self.situation = request, run, situation
        self.rows = {
            ("run", run.pk): run,
            **{("task", task.pk): task for task in self._tasks()},
            **{("approval", each.pk): each for each in self._approvals()},
            **{("runner", each.pk): each for each in self._runners()},
        }
        found = _by_urgency(self._suggested()) or list(self._otherwise())
        self.shown, self.others = found[:MOST_BUTTONS], found[MOST_BUTTONS:]

    @property
    def names(self) -> set[str]:
        """The operations on the run itself that need no other button."""
        return {each.operation for each in (*self.shown, *self.others)}

    def _suggested(self) -> Iterator[Cure]:
        for each in self.situation.suggestions:
            if (row := self.rows.get((each.target, each.id))) is None:
                continue
            if isinstance(row, Runner):
                verb = "Enable" if each.operation == "enable" else "See"
                label = f"{verb} {row.name}"
                yield Cure(each.operation, label, href=page_url(Runner, row.pk))
            else:
                yield from self._cures(each.operation, row)

    def _otherwise(self) -> Iterator[Cure]:
        """Yield what people may want of a run that needs no help."""
        run = self.run
        if run.state == RunState.RUNNING and run.active_count:
            yield from self._cures(PAUSE.name, run, is_help=False)
        elif run.state in AGAIN and (url := again_url(self.request, run)):
            is_help = run.state == RunState.ABORTED
            yield Cure("again", "Run again…", href=url, is_help=is_help)

    def _cures(self, name: str, row: Model, *, is_help: bool = True) -> Iterator[Cure]:
        page = model_admin_of(type(row))
        operation = DISPATCH_ALL if name == "dispatch_ready" else OPERATIONS[name]
        for each in page.buttons(self.request, row, [operation]) if page else ():
            yield Cure(
                operation.name,
                self._label(name, row),
                row.pk,
                list_url(type(row)),
                FROM_RUN if isinstance(row, Task) else "1",
                each.reason,
                is_question=bool(each.operation.form),
                is_help=is_help,
                is_destructive=each.operation.is_destructive,
            )

    def _label(self, name: str, row: Any) -> str:
        task = getattr(row, "task", row)
        if name in LABELS:
            blocked = self.situation.deadlock.blocked if self.situation.deadlock else 0
            return LABELS[name].format(run=self.run, name=task, blocked=f"{blocked:,}")
        alike = sum(each.operation == name for each in self.situation.suggestions)
        return f"{OPERATIONS[name].label} {task}" if alike > 1 else OPERATIONS[name].label

    def _ids(self, target: str) -> set[int]:
        return {each.id for each in self.situation.suggestions if each.target == target}

    def _tasks(self) -> list[Task]:
        if not (ids := self._ids("task")):
            return []
        tasks = with_passed_gates(Task.objects.filter(pk__in=ids).defer("payload"))
        for task in tasks:
            task.run = self.run
        read_passed_gates(tasks)
        return tasks

    def _approvals(self) -> Iterator[Approval]:
        if not (ids := self._ids("approval")):
            return
        found = Approval.objects.filter(pk__in=ids).select_related("task")
        for approval in found.defer("task__payload"):
            approval.task.run = self.run
            yield approval

    def _runners(self) -> Iterable[Runner]:
        ids, may = self._ids("runner"), self.request.user.has_perm
        wanted = {each.operation for each in self.situation.suggestions}
        needed = "runners.change_runner" if "enable" in wanted else "runners.view_runner"
        return Runner.objects.filter(pk__in=ids) if ids and may(needed) else ()


def again_url(request: HttpRequest, run: WorkflowRun) -> str:
    """Return the address of the form that repeats a run; empty for people who may not."""
    is_possible = run.template_id is not None and run.expands_template
    if not is_possible or not request.user.has_perm("workflows.add_workflowrun"):
        return ""
    return f"{admin_url('workflows_workflowrun_add')}?again_of={run.pk}"


def _by_urgency(cures: Iterable[Cure]) -> list[Cure]:
    """Return what helps most first; the second button of an operation comes after all others."""
    known: Counter[str] = Counter()
    ranked = []
    for cure in cures:
        rank = URGENCY.index(cure.operation) if cure.operation in URGENCY else len(URGENCY)
        ranked.append((known[cure.operation], rank, cure))
        known[cure.operation] += 1
    return [cure for _, _, cure in sorted(ranked, key=lambda each: each[:2])]
