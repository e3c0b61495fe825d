"""The suggested actions of a run's page: the buttons of the rows that the sentence is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from runners.models import Runner
from workflows.admin.actions.registry import (
    CANCEL_REST,
    DISPATCH,
    MARK_SUCCESS,
    OPERATIONS,
    RETRY,
    AdminOperation,
)
from workflows.admin.ui.display import list_url, page_url
from workflows.insight.situation import Situation
from workflows.models import Approval, Task, WorkflowRun
from workflows.operations.paths import read_passed_gates, with_passed_gates
from workflows.operations.preview import PendingTasks
from workflows.runs.readiness import APPROVAL, HOLD, Cause

TARGETS: dict[type[Model], str] = {WorkflowRun: "run", Task: "task", Approval: "approval"}
BADGES = {APPROVAL: "approval", HOLD: "held"}
BY_FORM = {DISPATCH.name}
"""What has a form of its own on the page."""


@dataclass(frozen=True, slots=True)
class Button:
    """An operation on a row; greyed out if there is a reason, else with what follows from it."""

    operation: AdminOperation
    reason: str
    effects: str


@dataclass(frozen=True, slots=True)
class SuggestedRow:
    """A row of which the sentence says something, with the operations that help."""

    pk: int
    list_url: str
    buttons: Sequence[Button]
    from_page: str = "1"
    name: str = ""
    url: str = ""
    cause: Cause | None = None
    link_label: str = ""
    """What the link says that stands in place of buttons."""

    @property
    def badge(self) -> str:
        """The kind of badge that shows what happened to the task."""
        return BADGES.get(self.cause.status, self.cause.status) if self.cause else ""


class SuggestedActions:
    """
    The suggested actions of a run, as one reader may carry them out.

    The effects of some of them are read only if the run is deadlocked: they take all that is
    pending.
    """

    def __init__(self, request: HttpRequest, run: WorkflowRun, situation: Situation) -> None:
        """Remember whose page it is; nothing is read yet."""
        self.request = request
        self.run = run
        self.situation = situation
        self.wanted: dict[tuple[str, int], list[str]] = {}
        for each in situation.suggestions:
            self.wanted.setdefault((each.target, each.id), []).append(each.operation)

    @property
    def of_run(self) -> list[str]:
        """The operations on the run itself."""
        return self.wanted.get(("run", self.run.pk), [])

    @property
    def dispatches(self) -> bool:
        """Whether a dispatch is suggested, which has a form of its own."""
        return not BY_FORM.isdisjoint(self.of_run)

    def rows(self) -> list[SuggestedRow]:
        """Return the rows in the order of the sentence; the run only if it has buttons."""
        causes = {cause.task_id: cause for cause in self.situation.tasks}
        found = {("run", self.run.pk): self._row(self.run, None)}
        for task in self._tasks():
            row = self._row(task, causes.get(task.pk), task=task, from_page="run")
            found["task", task.pk] = row
        for each in self._approvals():
            row = self._row(each, causes.get(each.task_id), task=each.task)
            found["approval", each.pk] = row
        found |= {("runner", row.pk): row for row in self._runners()}
        rows = [found[key] for key in self.wanted if key in found]
        return [row for row in rows if row.name or row.buttons]

    def _row(
        self, row: Any, cause: Cause | None, *, task: Task | None = None, **more: Any
    ) -> SuggestedRow:
        page: Any = admin.site.get_model_admin(type(row))
        wanted = self.wanted.get((TARGETS[type(row)], row.pk), [])
        operations = [OPERATIONS[each] for each in wanted if each not in BY_FORM]
        buttons = [
            Button(each.operation, each.reason, self._effects(each.operation, row))
            for each in page.buttons(self.request, row, operations)
        ]
        named: dict[str, Any] = {"name": str(task), "url": page_url(Task, task.pk)} if task else {}
        return SuggestedRow(row.pk, list_url(type(row)), buttons, cause=cause, **named, **more)

    def _ids(self, target: str) -> list[int]:
        return [pk for kind, pk in self.wanted if kind == target]

    def _tasks(self) -> list[Task]:
        if not (ids := self._ids("task")):
            return []
        tasks = with_passed_gates(Task.objects.filter(pk__in=ids).defer("payload"))
        for task in tasks:
            task.run = self.run
        read_passed_gates(tasks)
        return tasks

    def _approvals(self) -> list[Approval]:
        if not (ids := self._ids("approval")):
            return []
        found = Approval.objects.filter(pk__in=ids).select_related("task")
        approvals = list(found.defer("task__payload"))
        for approval in approvals:
            approval.task.run = self.run
        return approvals

    def _runners(self) -> Iterator[SuggestedRow]:
        ids = self._ids("runner")
        may_change = ids and self.request.user.has_perm("runners.change_runner")
        for runner in Runner.objects.filter(pk__in=ids) if may_change else ():
            url = page_url(Runner, runner.pk)
            yield SuggestedRow(runner.pk, "", (), name=str(runner), url=url, link_label="Enable it")

    def _effects(self, operation: AdminOperation, row: Model) -> str:
        """Return what an operation would bring about, as one sentence."""
        if operation not in {RETRY, MARK_SUCCESS, CANCEL_REST} or not self._pending:
            return ""
        effects = operation.domain.preview([row], self._pending)
        return "; ".join(effect.sentence for effect in effects)

    @cached_property
    def _pending(self) -> PendingTasks | None:
        return PendingTasks([self.run.pk]) if self.situation.deadlock else None
