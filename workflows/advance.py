"""What follows when something has changed: what became ready goes out, what is over ends."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef

from workflows import faults
from workflows.fleet import Fleet
from workflows.handout import hand_out
from workflows.locks import lock_run
from workflows.models import RunState, Task, TaskAttempt, WorkflowRun
from workflows.outbox import is_to_submit, submit
from workflows.rollup import roll_up


def go_on(run: WorkflowRun, *, by: str) -> int:
    """
    After something changed: dispatch what became ready if the run does so by itself, and roll up.

    The caller holds the run's lock. Runners that must be called are called after the commit.

    :returns: how many tasks were handed out.
    """
    handed_out: list[TaskAttempt] = []
    if run.auto_dispatch and run.state == RunState.RUNNING:
        fleet = Fleet()
        handed_out = hand_out(run, None, fleet, by=by)
        if any(map(is_to_submit, handed_out)):
            transaction.on_commit(lambda: submit(handed_out, fleet, by=by))
    roll_up(run, by=by)
    run.save_progress()
    return len(handed_out)


def dispatch_waiting(runner_ids: Collection[int], *, by: str) -> None:
    """
    Offer free places of runners to the runs that dispatch by themselves, the oldest first.

    Outside any transaction: one run after the other is locked, until the places are taken.
    """
    faults.point("places.freed")
    waiting = Task.objects.ready().filter(Fleet().on(runner_ids), run=OuterRef("pk"))
    runs = WorkflowRun.objects.filter(Exists(waiting), state=RunState.RUNNING, auto_dispatch=True)
    for run_id in runs.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            if not go_on(lock_run(run_id), by=by):
                return
