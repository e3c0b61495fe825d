"""What somebody who starts a run should know: it is created all the same."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, QuerySet

from runners.models import Runner
from workflows.insight.phrases import MOST_NAMED, joined, quoted
from workflows.models import Task, TemplateStep, WorkflowRun


def warnings_of_run(run: WorkflowRun) -> list[str]:
    """Return a sentence for each warning about a run that was just created; one statement."""
    return [
        *left_out_warnings(run.again_of, run.left_out),
        *runner_warnings(Task.objects.filter(run=run)),
    ]


def left_out_warnings(earlier_id: int | None, names: Sequence[str]) -> list[str]:
    """Return that a new run lacks some parameters of the run that it repeats, if it does."""
    if not names:
        return []
    listed = joined(f"`{name}`" for name in sorted(names))
    why = "this version does not take them or would show what was secret"
    return [f"Parameters of run {earlier_id} are left out, because {why}: {listed}."]


def runner_warnings(rows: QuerySet[Task] | QuerySet[TemplateStep]) -> list[str]:
    """Return that these tasks or steps need a default runner and there is none; one statement."""
    default = Runner.objects.filter(is_default=True)
    lonely: QuerySet[Any] = rows.filter(~Exists(default), runner=None)
    first = list(lonely.only("step_id", "title").order_by("position")[: MOST_NAMED + 1])
    if not first:
        return []
    more = " and more" if len(first) > MOST_NAMED else ""
    named = ", ".join(map(quoted, first[:MOST_NAMED])) + more
    remedy = "Make a runner the default one: until then, nothing of that is dispatched."
    return [f"There is no default runner for {named}. {remedy}"]
