"""After a state change: dispatches newly ready tasks of runs with auto-dispatch, closes the run."""

from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from typing import Any, TypedDict, Unpack

from django.db.models import Exists, OuterRef
from django.utils import timezone

from runners import transaction
from workflows.db import failpoints
from workflows.dispatch.attempts import Created, create_attempts
from workflows.dispatch.claims import NO_CLAIM, ClaimRequest
from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.submission import is_to_submit, submit
from workflows.models import RunState, Task, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.choices import Literal
from workflows.runs.bulkhead import run_alone
from workflows.runs.completion import close_run_if_finished
from workflows.runs.locks import lock_run
from workflows.runs.transitions import save_progress

BEGIN_WITHIN = timedelta(days=1)
Send = Callable[..., object]
"""Submits attempts: `submit`, or `submit_in_background`."""


class How(TypedDict, total=False):
    """How a run is dispatched, other than by a round of periodic work."""

    spares_resting: bool
    """False if a person waits for it, as in `RunnerPool`."""
    request: ClaimRequest
    """What an executor claims of the new attempts."""
    send: Send
    """Submits the attempts."""


def advance_run(
    run: WorkflowRun,
    *,
    by: Actor,
    request: ClaimRequest = NO_CLAIM,
    pool: RunnerPool | None = None,
    dispatches: bool = True,
    send: Send = submit,
) -> Created:
    """
    After a state change, dispatch newly ready tasks and close the run if it is finished.

    Only runs with auto-dispatch are dispatched; one that has not begun does now, even if nothing is
    ready. The caller holds the run's lock. The attempts are submitted to their runners after the
    commit.

    :param request: what an executor claims of the new attempts.
    :param pool: the runners, if they have been read already.
    :param dispatches: False for what must be stored although a dispatch may raise.
    :param send: submits the attempts.
    """
    created = Created()
    if dispatches and run.auto_dispatch and run.state == RunState.CREATED:
        run.start(by=by)
    if dispatches and run.auto_dispatch and run.state == RunState.RUNNING:
        runners = pool or RunnerPool()
        created = create_attempts(run, None, runners, by=by, request=request)
        if any(map(is_to_submit, created.attempts)):
            transaction.on_commit(lambda: send(created.attempts, runners, by=by), robust=True)
    close_run_if_finished(run, by=by)
    save_progress(run)
    return created


def dispatch_waiting(runner_ids: Collection[int], *, by: Actor, **conditions: Any) -> int:
    """
    Offer free places of runners to the runs with auto-dispatch, the oldest run first.

    Call it outside any transaction: it locks one run after the other, until no place is left.

    :param conditions: which tasks the places are offered to, as in a `filter`.
    :returns: how many tasks were dispatched.
    """
    failpoints.point("places.freed")
    waiting = Task.objects.ready().filter(
        RunnerPool().tasks_of(runner_ids), run=OuterRef("pk"), **conditions
    )
    runs = WorkflowRun.objects.filter(Exists(waiting), state=RunState.RUNNING, auto_dispatch=True)
    total = 0
    for run_id in runs.order_by("pk").values_list("pk", flat=True):
        advance = partial(_advance_waiting, run_id, by=by)
        dispatched = run_alone(run_id, "the dispatch of waiting tasks", advance)
        total += dispatched or 0
        if dispatched == 0:
            break
    return total


def advance_alone(run_id: int, *, by: Actor, **how: Unpack[How]) -> None:
    """Dispatch what is ready in a run with auto-dispatch; what that raises is noted on the run."""
    advance = partial(_advance_waiting, run_id, by=by, **how)
    run_alone(run_id, "the dispatch of waiting tasks", advance)


@transaction.atomic
def _advance_waiting(run_id: int, *, by: Actor, spares_resting: bool = True, **how: Any) -> int:
    pool = RunnerPool(spares_resting=spares_resting)
    return len(advance_run(lock_run(run_id), by=by, pool=pool, **how).attempts)


def begins_alone(run: WorkflowRun) -> bool:
    """Return True if the periodic work begins a run that nobody has begun yet."""
    is_new = run.state == RunState.CREATED and run.created_at > timezone.now() - BEGIN_WITHIN
    return run.auto_dispatch and is_new


def begin_created_runs(*, by: Actor) -> int:
    """
    Begin runs with auto-dispatch whose creator died before it could dispatch them.

    A run that nobody has begun within a day is left to people: its time may be over.
    """
    since = timezone.now() - BEGIN_WITHIN
    # A constant: a plan that suits any state reads all runs of the day.
    state = Literal(RunState.CREATED.value)
    created = WorkflowRun.objects.filter(state=state, auto_dispatch=True, created_at__gt=since)
    ids = list(created.order_by("pk").values_list("pk", flat=True))
    for run_id in ids:
        advance_alone(run_id, by=by)
    return len(ids) - created.filter(pk__in=ids).count() if ids else 0


def call_rested_runners(*, by: Actor) -> int:
    """Dispatch what waits for runners that took nothing the last time, once they have rested."""
    return sum(dispatch_waiting([pk], by=by) for pk in RunnerPool().rested())


def offer_free_places(*, by: Actor) -> int:
    """
    Dispatch tasks that wait although their runner has a free place.

    This happens if a runner was enabled, became the default or got more places, and if a process
    dies after it has freed a place and before it has offered it. A task with a note was refused by
    its runner: it waits for the next dispatch, otherwise it would be offered and refused again and
    again.
    """
    free = RunnerPool(spares_resting=True).with_free_places()
    return sum(dispatch_waiting([pk], by=by, note="") for pk in free)
