"""The rows that addresses are filled with: those of a run that each of the databases has."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.db.models import Model
from django.urls import URLPattern

from runners.models import Runner
from workflows.models import Approval, Event, Task, TaskAttempt, WorkflowRun

PLACEHOLDERS = {"id", "object_id", "pk", "run_id", "task_id"}
WORDS: dict[str, tuple[str, ...]] = {
    "workflowrun": ("sample", "nothing"),
    "taskattempt": ("s150", "nothing"),
    "task": ("s150", "nothing"),
    "event": ("benchmarks", "nothing"),
}


class Samples:
    """An ended run and an active one, their tasks, and whatever belongs to them."""

    def __init__(self, ended: WorkflowRun, active: WorkflowRun) -> None:
        """Find the rows."""
        self.active = active
        task = Task.objects.filter(run=ended).order_by("position")[150]
        attempt = TaskAttempt.objects.get(task=task)
        approval = Approval.objects.filter(task__run=ended).get()
        event = Event.objects.filter(run=ended).order_by("pk")[300]
        self.rows: dict[type[Model], Model] = {
            type(row): row for row in (ended, task, attempt, approval, event)
        }
        self.ids = {"run": ended.pk, "task": task.pk, "run_id": ended.pk, "task_id": task.pk}

    def row(self, model: type[Model]) -> Model | None:
        """Return the sample of a model, None if there is no row."""
        if model not in self.rows and (row := model._default_manager.order_by("-pk").first()):
            self.rows[model] = row
        return self.rows.get(model)

    def filled(self, route: str, pattern: URLPattern) -> Iterator[tuple[str, str]]:
        """Yield an address for each sample that its placeholders can stand for."""
        names = set(pattern.pattern.converters)
        if not names:
            if not ("(" in route or "^" in route):
                yield "", route
        elif len(names) == 1 and names <= PLACEHOLDERS and (model := _model_of(route)):
            for label, pk in self._choices(model):
                start, _, rest = route.partition("<")
                yield label, start + quote(str(pk)) + rest.partition(">")[2]

    def _choices(self, model: type[Model]) -> Iterator[tuple[str, Any]]:
        row = self.row(model)
        if row and model is WorkflowRun:
            yield from (("(ended)", row.pk), ("(active)", self.active.pk))
        elif row:
            yield "", row.pk

    def words(self, model: type[Model]) -> Iterator[str]:
        """Yield what to search for: a word that rows have, one that none has, and a number."""
        yield from WORDS.get(str(model._meta.model_name), ("sample", "nothing"))[:1]
        yield str(self.ids["run"])

    def middle(self, model: type[Model]) -> int:
        """Return how many rows are before the middle of a list."""
        return int(model._default_manager.count() / 2)

    def value(self, model: type[Model], field: str) -> str:
        """Return the value that the sample has in a field, which `a__b` finds in another row."""
        value: Any = self.row(model)
        if value is None and model is Runner:
            return "local"
        for part in field.split("__"):
            value = getattr(value, part)
        if hasattr(value, "isoformat"):
            return quote(value.isoformat())
        return quote(str(value.pk if isinstance(value, Model) else value))


def _model_of(route: str) -> type[Model] | None:
    """Return the model that an address is about: `/admin/workflows/task/…`, `/workflow-runs/…`."""
    words = [word.replace("-", "") for word in route.strip("/").split("/")]
    if words[0] == "admin":
        return next((m for m in apps.get_models() if m._meta.model_name == words[2]), None)
    names = {f"{model._meta.model_name}s": model for model in apps.get_models()}
    return names.get(words[0])
