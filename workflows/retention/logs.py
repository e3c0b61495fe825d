"""Removes the logs of ended runs; what each attempt reported stays, with the digest of its log."""

from datetime import datetime

from django.db.models import QuerySet

from runners import transaction
from workflows.db import failpoints
from workflows.models import Event, EventType, WorkflowRun
from workflows.models.actor import Actor
from workflows.retention.rows import MOST_PIECES, delete_log_pieces, plan_by_index
from workflows.runs.events import record
from workflows.runs.trail import save_trail


@transaction.atomic
def remove_some_logs(runs: QuerySet[WorkflowRun], *, by: Actor, reason: str) -> bool | None:
    """
    Delete some pieces of the logs of one of these runs.

    The trail says so from the first piece on; that the run has no logs is stored with the last one,
    so that an interrupted removal is gone on with.

    :param runs: those whose logs may be removed.
    :returns: True with the last pieces of a run; None if there is no such run, or none is free.
    """
    # Not `first`: it would order all that are due by their numbers.
    free = runs.select_for_update(skip_locked=True).defer("last_dispatch")
    run = next(iter(free[:1]), None)
    if run is None:
        return None
    said_at = _said_at(run) or _say(run, by=by, reason=reason)
    plan_by_index()
    is_done = delete_log_pieces([run.pk]) < MOST_PIECES
    if is_done:
        WorkflowRun.objects.filter(pk=run.pk).update(logs_removed_at=said_at)
    failpoints.point("retention.logs")
    return is_done


def _said_at(run: WorkflowRun) -> datetime | None:
    """Return since when the trail says so, if it is the last that it says."""
    last = Event.objects.filter(run=run).order_by("-id").first()
    is_said = last is not None and last.event_type == EventType.RUN_LOGS_REMOVED
    return last.created_at if last and is_said else None


def _say(run: WorkflowRun, *, by: Actor, reason: str) -> datetime:
    event = record(EventType.RUN_LOGS_REMOVED, run=run, by=by, reason=reason)
    save_trail(run)
    return event.created_at
