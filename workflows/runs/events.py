"""The trail: every transition leaves one event, in the same database transaction."""

from collections.abc import Callable
from typing import Any

from django.dispatch import receiver
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


@receiver(post_transition, sender=WorkflowRun)
def record_run_transition(
    instance: WorkflowRun, name: str, source: RunState, method_kwargs: Any, **_: Any
) -> None:
    """Write the event of a transition of a run."""
    record(event_of(getattr(WorkflowRun, name)), run=instance, **method_kwargs)
