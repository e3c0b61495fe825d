"""Hold tasks back from being dispatched, and release them."""

from datetime import datetime
from functools import partial

from django.utils import timezone

from runners import transaction
from workflows.db.doors import nestable
from workflows.dispatch.auto_dispatch import advance_run
from workflows.errors import Conflict, Invalid
from workflows.models import EventType, Task
from workflows.models.actor import Actor, By, as_actor
from workflows.operations.checks import check_hold, check_release, enforce
from workflows.operations.trouble import says_what_is_wrong
from workflows.runs.blocking import block, unblock
from workflows.runs.bulkhead import run_alone
from workflows.runs.completion import reopen_if_ready
from workflows.runs.events import record
from workflows.runs.locks import lock_task


@says_what_is_wrong
@nestable
def hold(task_id: int, *, by: By, reason: str = "", resume_at: datetime | None = None) -> Task:
    """
    Keep a pending task from being dispatched until it is released.

    :param resume_at: when it is released by itself.
    :raises NotFound: if there is no such task.
    :raises Conflict: if the task is not pending, or on hold already.
    :raises Invalid: if `resume_at` has passed.
    """
    by = as_actor(by)
    check_resume_at(resume_at)
    run, task = lock_task(task_id)
    enforce(check_hold(task, by))
    block([task], is_held=True, resume_at=resume_at, note=reason)
    payload = {"resume_at": resume_at.isoformat()} if resume_at else {}
    record(EventType.TASK_HELD, run=run, task=task, by=by, reason=reason, payload=payload)
    if run:
        advance_run(run, by=by)
    task.refresh_from_db()
    return task


@says_what_is_wrong
def release(task_id: int, *, by: By, reason: str = "") -> Task:
    """
    Let a held task be dispatched once it is ready.

    :raises NotFound: if there is no such task.
    :raises Conflict: if the task is not on hold.
    """
    by = as_actor(by)
    return _release(task_id, by=by, reason=reason)


@transaction.atomic
def _release(task_id: int, *, by: Actor, reason: str) -> Task:
    run, task = lock_task(task_id)
    enforce(check_release(task, by))
    unblock(task, is_held=False, resume_at=None, note="")
    record(EventType.TASK_RELEASED, run=run, task=task, by=by, reason=reason)
    if run:
        reopen_if_ready(run, by=by, reason=reason)
        advance_run(run, by=by)
    task.refresh_from_db()
    return task


def check_resume_at(moment: datetime | None) -> None:
    """
    Refuse a moment that has passed.

    :raises Invalid: if it has; None is fine.
    """
    if moment and moment <= timezone.now():
        raise Invalid({"resume_at": ["This moment has passed; give a later one, or none."]})


def release_due(*, by: Actor) -> int:
    """Release the tasks whose hold was to end by now; return how many."""
    due = Task.objects.filter(is_held=True, resume_at__lte=timezone.now())
    released = 0
    for run_id, task_id in due.values_list("run_id", "pk"):
        release_it = partial(_release_if_held, task_id, by=by)
        released += run_alone(run_id, f"the release of task {task_id}", release_it) or 0
    return released


def _release_if_held(task_id: int, *, by: Actor) -> bool:
    try:
        _release(task_id, by=by, reason="the time of its hold is over")
    except Conflict:
        return False  # it was released meanwhile
    return True
