"""The trail: every transition leaves one event, in the same database transaction."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from django_fsm.signals import post_transition

from workflows.models import Event, RunState, Task, WorkflowRun
from workflows.models.actor import NOBODY, Actor

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
) -> Event:
    """Write one event."""
    return Event.objects.create(
        event_type=event_type,
        run=run,
        task=task,
        **actor_columns(by),
        reason=reason,
        payload=payload or {},
    )


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


@receiver(post_transition, sender=WorkflowRun)
def record_run_transition(
    instance: WorkflowRun, name: str, source: RunState, method_kwargs: Any, **_: Any
) -> None:
    """Write the event of a transition of a run."""
    record(event_of(getattr(WorkflowRun, name)), run=instance, **method_kwargs)
