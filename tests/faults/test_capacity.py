"""Eight processes compete for the three places of a runner."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from runners.models import Runner
from tests.faults.conftest import World, make_runs
from tests.support.trail import check_trail
from workflows.models import Event, TaskAttempt, WorkflowRun

PROCESSES = 8
PLACES = 3
TASKS = 40
FAN = ", ".join(f"s{n}" for n in range(TASKS))

ENDS = {"task.succeeded"}
BEGINS = {"task.dispatched"}


def peak_of_active_tasks() -> int:
    """Return the largest number of tasks that were active at once, by the trail."""
    most = active = 0
    for kind in Event.objects.order_by("id").values_list("event_type", flat=True):
        active += (kind in BEGINS) - (kind in ENDS)
        most = max(most, active)
    return most


@pytest.mark.postgres
def test_eight_processes_never_exceed_a_runners_capacity(world: World) -> None:
    Runner.objects.filter(name="local").update(capacity=PLACES)
    # Two runs: what keeps them apart is the runner's row, not the lock of a run.
    runs = make_runs(world.template(FAN, on_host=""), 2, auto_dispatch=False)
    orders = [{"act": "work_off", "on": runs[n % 2].pk} for n in range(PROCESSES)]
    seen: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(world.victims.carry_out, *orders)
        while not working.done():
            seen.append(TaskAttempt.objects.open().count())
    connections.close_all()
    assert working.result() == [0] * PROCESSES
    assert (max(seen), peak_of_active_tasks()) == (PLACES, PLACES)
    for run in WorkflowRun.objects.all():
        assert run.state == "success"
        check_trail(run)
    workers = Event.objects.filter(event_type="task.dispatched").values("actor").distinct()
    assert workers.count() == PROCESSES
