"""The trail: every transition leaves one event, in the same database transaction."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from django_fsm.signals import post_transition

from runners import transaction
from workflows.models import Event, RunState, Task, WorkflowRun
from workflows.models.actor import NOBODY, Actor
from workflows.models.bounds import cut, cut_texts
from workflows.runs.announcements import announce_end
from workflows.runs.chain import link, only_counts

Transition = Callable[..., None]
"""A `@transition` of a model, unbound: `Task.dispatch`."""


def states_of(transition: Transition) -> tuple[list[str], str]:
    """Return the states that a transition starts from, and the one that it leads to."""
    transitions = transition._django_fsm.transitions  # type: ignore[attr-defined]
    return list(transitions), next(iter(transitions.values())).target


def event_of(transition: Transition) -> str:
    """Return the type of event that a transition leaves."""
    transitions = transition._django_fsm.transitions  # type: ignore[attr-defined]
    return str(next(iter(transitions.values())).custom["event"])


def actor_columns(by: Actor) -> dict[str, str]:
    """Return what an event stores of who acted, by column."""
    return {"actor": by.name, "actor_user": by.user, "actor_via": by.via}


def record(
    event_type: str,
    *,
    run: WorkflowRun | None = None,
    task: Task | None = None,
    by: Actor = NOBODY,
    reason: str = "",
    payload: dict[str, Any] | None = None,
    at: datetime | None = None,
    cover: str = "",
) -> Event:
    """
    Write one event, chained to the run's latest; the caller holds the run's lock, and stores it.

    :param at: the moment that rows have been given, too; otherwise it is now.
    :param cover: what else the digest of the event covers.
    """
    event = new_event(event_type, run=run, task=task, by=by, reason=reason, payload=payload, at=at)
    chain(event, run, cover)
    event.save(force_insert=True)
    return event


def record_each(
    event_type: str,
    run: WorkflowRun | None,
    tasks: Iterable[Task],
    *,
    by: Actor,
    reason: str,
    at: datetime,
) -> None:
    """Write the same event about each task; otherwise as `record`."""
    events = [
        new_event(event_type, run=run, task=task, by=by, reason=reason, at=at) for task in tasks
    ]
    for event in events:
        chain(event, run)
    Event.objects.bulk_create(events)


def new_event(
    event_type: str,
    *,
    run: WorkflowRun | None,
    task: Task | None,
    by: Actor,
    reason: str,
    payload: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Event:
    """Return an event that is not stored yet."""
    return Event(
        event_type=event_type,
        run=run,
        task=task,
        **actor_columns(by),
        reason=cut(reason),
        payload=cut_texts(payload or {}),
        created_at=at or timezone.now(),
    )


def chain(event: Event, run: WorkflowRun | None, cover: str = "") -> None:
    """Give a new event its digest; those that only count get none."""
    if not only_counts(event.event_type, event.payload):
        event.digest = link(run, vars(event), cover)


COUNTED_TOGETHER = timedelta(hours=1)
"""For so long, repetitions of what strangers can repeat at will are counted in one event."""


@transaction.atomic
def record_counted(event_type: str, *, task_id: int, reason: str, by: Actor = NOBODY) -> None:
    """
    Write one event about a task, or count it up if the same one is recent.

    The caller needs no lock: the task's row is locked, so that of two processes one counts what the
    other has written. Not the run's: strangers cause such events, and must not delay a run.
    """
    rows = Task.objects.select_for_update(no_key=True).only("run_id").filter(pk=task_id)
    if (task := rows.order_by("pk").first()) is None:
        return
    since = timezone.now() - COUNTED_TOGETHER
    same = task.events.filter(event_type=event_type, reason=reason, created_at__gte=since)
    if last := same.order_by("-id").first():
        last.payload = {**last.payload, "count": last.payload["count"] + 1}
        last.save(update_fields=["payload"])
    else:
        run = WorkflowRun(pk=task.run_id) if task.run_id else None
        record(event_type, run=run, task=task, by=by, reason=reason, payload={"count": 1})


MOMENT_OF = {
    "start": "started_at",
    "reopen": "reopened_at",
    **dict.fromkeys(("succeed", "fail", "abort"), "finished_at"),
}
"""The column of a run that a transition sets to its own moment."""


@receiver(post_transition, sender=WorkflowRun)
def record_run_transition(
    instance: WorkflowRun, name: str, source: RunState, method_kwargs: Any, **_: Any
) -> None:
    """Write the event of a transition of a run, at the moment that the run says."""
    column = MOMENT_OF.get(name)
    at = getattr(instance, column) if column else None
    record(event_of(getattr(WorkflowRun, name)), run=instance, **method_kwargs, at=at)
    instance.has_just_ended = column == "finished_at"
    if instance.has_just_ended:
        announce_end(instance, **method_kwargs, at=at)
