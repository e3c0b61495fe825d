"""OUTBOUND: ready tasks are handed to their runners."""

from django.db import transaction

from workflows.db import failpoints
from workflows.db.statements import pipeline
from workflows.dispatch.attempts import create_attempts
from workflows.dispatch.result import Dispatch, DispatchResult, _Call, _conclude, _foreseen
from workflows.dispatch.submission import is_to_submit, submit
from workflows.models import RunState
from workflows.models.actor import Actor
from workflows.operations.checks import check_dispatch_ready, enforce
from workflows.reports.recovery import recover_overdue
from workflows.runs.completion import close_run_if_finished
from workflows.runs.locks import lock_run
from workflows.runs.transitions import save_progress


def dispatch_ready(
    run_id: int, *, limit: int | None = 1, dry_run: bool = False, by: Actor
) -> DispatchResult:
    """
    Dispatch the first ready tasks of a run, in the template's order.

    Asking twice is harmless: a dispatched task is no longer ready. Runners are called once the
    transaction has committed, so they never hear of work that was rolled back. What a runner
    refuses is pending again, and the next round tries the tasks of the other runners.

    :param limit: how many tasks at most; None for all that are ready.
    :param dry_run: answer as the real call would, and write nothing.
    :raises NotFound: if there is no such run.
    :raises RunNotDispatchable: if the run is paused or aborted.
    """
    result = _dispatch(_Call(run_id, limit, by, dry_run))
    # What is ready does not wait for runners that are silent about something else.
    if not result.dispatches and not dry_run and recover_overdue(run_id=run_id, by=by):
        result = _dispatch(_Call(run_id, limit, by, dry_run))
    return result


def _dispatch(call: _Call) -> DispatchResult:
    while (result := _round(call)) is None:
        failpoints.point("dispatch.committed")
        call.sent |= submit(call.handed_out, call.pool, by=call.by)
    failpoints.point("dispatch.concluded")
    return result


def _round(call: _Call) -> DispatchResult | None:
    """Hand out what there is room for; the result, once no runner has to be called."""
    with transaction.atomic(), pipeline():
        run = lock_run(call.run_id)
        if not call.handed_out:
            enforce(check_dispatch_ready(run, call.by))
        if run.auto_dispatch and run.state == RunState.CREATED:
            # The first word is given: what an approval or a release makes ready goes out by itself.
            run.start(by=call.by)
        handed_out = create_attempts(run, call.room, call.pool, by=call.by)
        call.handed_out += handed_out
        for attempt in handed_out:
            if call.dry_run or not is_to_submit(attempt):
                call.sent[attempt] = Dispatch.of(attempt, _foreseen(attempt))
        close_run_if_finished(run, by=call.by)
        failpoints.point("dispatch.handed_out")
        done = call.dry_run or not any(map(is_to_submit, handed_out))
        result = _conclude(run, call) if done else None
        save_progress(run, with_answer=done)
        if call.dry_run:
            transaction.set_rollback(True)
    return result
