"""What follows when something has changed: what became ready goes out, what is over ends."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from workflows.db import failpoints
from workflows.dispatch.attempts import create_attempts
from workflows.dispatch.claims import Take
from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.submission import is_to_submit, submit
from workflows.models import RunState, Task, TaskAttempt, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.completion import close_run_if_finished
from workflows.runs.locks import lock_run
from workflows.runs.transitions import save_progress


def advance_run(
    run: WorkflowRun, *, by: Actor, take: Take | None = None, pool: RunnerPool | None = None
) -> int:
    """
    After something changed: dispatch what became ready if the run does so by itself, and roll up.

    The caller holds the run's lock. Runners that must be called are called after the commit.

    :param take: who starts some of it on the spot.
    :param fleet: the runners, if they have been read already.
    :returns: how many tasks were handed out.
    """
    handed_out: list[TaskAttempt] = []
    if run.auto_dispatch and run.state == RunState.RUNNING:
        runners = pool or RunnerPool()
        handed_out = create_attempts(run, None, runners, by=by, take=take)
        if any(map(is_to_submit, handed_out)):
            transaction.on_commit(lambda: submit(handed_out, runners, by=by))
    close_run_if_finished(run, by=by)
    save_progress(run)
    return len(handed_out)


def dispatch_waiting(runner_ids: Collection[int], *, by: Actor, **which: Any) -> int:
    """
    Offer free places of runners to the runs that dispatch by themselves, the oldest first.

    Outside any transaction: one run after the other is locked, until the places are taken.

    :param which: columns of the tasks that they are offered to.
    :returns: how many tasks were handed out.
    """
    failpoints.point("places.freed")
    waiting = Task.objects.ready().filter(RunnerPool().on(runner_ids), run=OuterRef("pk"), **which)
    handed_out = 0
    runs = WorkflowRun.objects.filter(Exists(waiting), state=RunState.RUNNING, auto_dispatch=True)
    for run_id in runs.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            n = advance_run(lock_run(run_id), by=by)
        handed_out += n
        if not n:
            break
    return handed_out


def offer_free_places(*, by: Actor) -> int:
    """
    Dispatch what waits for a place that is free: whoever left it died before it was offered.

    What a runner has refused, as its note says, waits for the next dispatch, or it would be
    refused for ever.
    """
    free = RunnerPool().with_free_places()
    return sum(dispatch_waiting([pk], by=by, note="") for pk in free)
