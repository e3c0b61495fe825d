"""How long the steps of a template usually take: what the end of a run is estimated from."""

from collections import defaultdict
from statistics import median

from workflows.models import RunState, Task, TaskState, WorkflowRun

MOST_RUNS = 10
"""Earlier runs that are looked at: the latest ones say most."""
MOST_ROWS = 20_000


def usual_seconds(run: WorkflowRun) -> dict[str, float]:
    """
    Return the median of how long each step ran in the latest finished runs of the template.

    From start to end, without waiting. Two statements; empty while there are no such runs.
    """
    if run.template_id is None:
        return {}
    earlier = WorkflowRun.objects.filter(template=run.template_id, pk__lt=run.pk)
    finished = earlier.filter(state__in=[RunState.SUCCESS, RunState.FAILED]).order_by("-pk")
    runs = list(finished.values_list("pk", flat=True)[:MOST_RUNS])
    return _medians(runs) if runs else {}


def _medians(run_ids: list[int]) -> dict[str, float]:
    done = Task.objects.filter(
        run__in=run_ids, state=TaskState.SUCCESS, is_marked_success=False, started_at__isnull=False
    )
    seconds: dict[str, list[float]] = defaultdict(list)
    for step_id, start, end in done.order_by("-run_id").values_list(*COLUMNS)[:MOST_ROWS]:
        if step_id and end:
            seconds[step_id].append((end - start).total_seconds())
    return {step_id: median(found) for step_id, found in seconds.items()}


COLUMNS = ("step_id", "started_at", "finished_at")
