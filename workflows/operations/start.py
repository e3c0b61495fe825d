"""The operation that starts a run: creates it, and dispatches what is ready after the commit."""

from typing import Any

from django.db import transaction

from workflows.db import failpoints
from workflows.dispatch.auto_dispatch import Send, advance_alone
from workflows.dispatch.background import submit_in_background
from workflows.dispatch.submission import submit
from workflows.models import RunState, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.creation import create_run


@transaction.atomic
def start_run(*, by: Actor, in_background: bool = False, **wanted: Any) -> WorkflowRun:
    """
    Create a run; one with auto-dispatch begins once that is committed.

    If this process dies in between, a round of periodic work begins the run. Whatever goes wrong
    after the commit is no refusal: the run exists.

    :param in_background: submit what is dispatched in a thread, so that nobody waits for hosts.
    :param wanted: what `create_run` takes.
    :raises NotFound: if the template or a task does not exist.
    :raises Conflict: if a task is in a run already, or is not pending.
    :raises Invalid: if neither is given, or the parameters are not what the template takes.
    """
    run = create_run(by=by, **wanted)
    send = submit_in_background if in_background else submit
    if run.auto_dispatch:
        transaction.on_commit(lambda: _begin(run.pk, send, by=by), robust=True)
    return run


def begin_if_created(run_id: int, *, by: Actor) -> None:
    """Begin a run with auto-dispatch that nobody has begun yet; outside any transaction."""
    if WorkflowRun.objects.filter(pk=run_id, state=RunState.CREATED).exists():
        advance_alone(run_id, by=by)


def _begin(run_id: int, send: Send, *, by: Actor) -> None:
    failpoints.point("run.committed")
    advance_alone(run_id, by=by, spares_resting=False, send=send)
