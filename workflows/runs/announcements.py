"""Tells receivers of the signals what has ended or failed, once it is committed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.dispatch import Signal

from runners import transaction
from workflows.models import EventType, Task, TaskState, WorkflowRun
from workflows.models.actor import Actor
from workflows.signals import run_finished, task_failed

Facts = dict[str, Any]
ENDS = {EventType.TASK_FAILED, EventType.TASK_LOST}


def announce_end(
    run: WorkflowRun, *, by: Actor, reason: str = "", at: datetime | None = None
) -> None:
    """Tell that a run has ended; nobody is told of a trial but whoever looks at it."""
    if not run.is_trial and run_finished.has_listeners(WorkflowRun):
        facts = {
            "run_id": run.pk,
            "state": str(run.state),
            "template_id": run.template_id,
            "template_name": run.template_name,
            "by": by,
            "reason": reason,
            "at": at,
        }
        _after_commit(run_finished, WorkflowRun, [facts])


def announce_failures(target: str, events: Iterable[Facts], *, by: Actor) -> None:
    """Tell which tasks have failed, if these are events of that."""
    if target == TaskState.FAILED and task_failed.has_listeners(Task):
        ends = [each for each in events if each["event_type"] in ENDS]
        _after_commit(task_failed, Task, [_failure(event, by) for event in ends])


def _failure(event: Facts, by: Actor) -> Facts:
    attempt_id = event["payload"].get("attempt_id")
    return {
        "task_id": event["task_id"],
        "run_id": event["run_id"],
        "attempt_id": attempt_id and UUID(attempt_id),
        "event_type": event["event_type"],
        "message": event["payload"].get("message", ""),
        "by": by,
        "reason": event["reason"],
        "at": event["created_at"],
    }


def _after_commit(signal: Signal, sender: type[object], facts: Sequence[Facts]) -> None:
    def send() -> None:
        for each in facts:
            signal.send_robust(sender, **each)  # logs what a receiver raises

    transaction.on_commit(send, robust=True)
