"""How long each step of a template usually runs, from which the end of a run is estimated."""

from collections import defaultdict
from statistics import median

from workflows.models import RunState, Task, TaskState, WorkflowRun

MOST_RUNS = 10
"""How many of the latest finished runs are read."""
MOST_TASKS = 20_000
"""How many of their tasks are read at most."""


def usual_seconds(run: WorkflowRun) -> dict[str, float]:
    """
    Return, by step id, the median run time of a step in earlier finished runs of the template.

    The time from start to end, without waiting. Two statements; empty if there are no such runs.
    """
    if run.template_id is None:
        return {}
    earlier = WorkflowRun.objects.filter(template=run.template_id, pk__lt=run.pk)
    finished = earlier.filter(state__in=[RunState.SUCCESS, RunState.FAILED]).order_by("-pk")
    run_ids = list(finished.values_list("pk", flat=True)[:MOST_RUNS])
    return _median_seconds(run_ids) if run_ids else {}


def _median_seconds(run_ids: list[int]) -> dict[str, float]:
    succeeded = Task.objects.filter(
        run__in=run_ids, state=TaskState.SUCCESS, is_marked_success=False, started_at__isnull=False
    )
    rows = succeeded.order_by("-run_id").values_list("step_id", "started_at", "finished_at")
    seconds: dict[str, list[float]] = defaultdict(list)
    for step_id, start, end in rows[:MOST_TASKS]:
        if step_id and start and end:
            seconds[step_id].append((end - start).total_seconds())
    return {step_id: median(found) for step_id, found in seconds.items()}
