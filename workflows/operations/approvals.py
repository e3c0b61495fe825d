"""Approve or reject a task that waits for approval; each approval is decided once."""

from typing import Any

from django.utils import timezone

from workflows.db.doors import nestable
from workflows.dispatch.auto_dispatch import advance_run
from workflows.errors import NotFound
from workflows.models import (
    Approval,
    ApprovalStatus,
    EventType,
    Task,
    WorkflowRun,
)
from workflows.models.actor import Actor, By, as_actor
from workflows.models.bounds import cut
from workflows.operations.checks import check_decision, enforce
from workflows.operations.trouble import says_what_is_wrong
from workflows.runs.approval_requests import AGAIN, request_approval
from workflows.runs.blocking import UNBLOCKED, unblock
from workflows.runs.completion import reopen_if_ready
from workflows.runs.events import record
from workflows.runs.locks import lock_task
from workflows.runs.transitions import transition_tasks


@says_what_is_wrong
@nestable
def approve(approval_id: int, *, by: By, comment: str = "") -> Approval:
    """
    Approve a task; it is dispatched once nothing else blocks it.

    :raises NotFound: if there is no such approval.
    :raises Conflict: if it is decided, its task has ended, or `by` may not decide it.
    """
    by = as_actor(by)
    run, approval = _lock_approval(approval_id)
    enforce(check_decision(approval, by))
    _approve(run, approval, by=by, comment=comment)
    if run:
        reopen_if_ready(run, by=by, reason=comment)
        advance_run(run, by=by)
    return approval


@says_what_is_wrong
@nestable
def reject(approval_id: int, *, by: By, comment: str = "") -> Approval:
    """
    Reject a task, which cancels it.

    :raises NotFound: if there is no such approval.
    :raises Conflict: if it is decided, its task has ended, or `by` may not decide it.
    """
    by = as_actor(by)
    run, approval = _lock_approval(approval_id)
    enforce(check_decision(approval, by))
    task = approval.task
    _decide(approval, ApprovalStatus.REJECTED, by=by, comment=comment)
    _record_decision(EventType.APPROVAL_REJECTED, run, approval, by=by)
    # Of the comment as its event has it: `verify_run` makes the note of that.
    note = f"rejected by {by}: {cut(comment)}" if comment else f"rejected by {by}"
    transition_tasks(
        run,
        [task],
        Task.cancel,
        by=by,
        reason=comment,
        at=approval.decided_at,
        awaits_approval=False,
        **UNBLOCKED,
        note=note,
        finished_at=approval.decided_at,
    )
    if run:
        advance_run(run, by=by)
    return approval


def approve_by_mark_success(run: WorkflowRun | None, task: Task, *, by: Actor, reason: str) -> None:
    """
    Count a task whose approval is open or refused as approved by whoever marks it success.

    A decision is final: after a rejection, this is a request and a decision of its own. The caller
    holds the lock, and has enforced the check of mark success.
    """
    if task.awaits_approval:
        approval = task.approvals.get(status=ApprovalStatus.PENDING)
    else:
        approval = request_approval(run, task, by=by, why=AGAIN.format("it is marked success"))
    approval.task = task
    _approve(run, approval, by=by, comment=reason, by_mark_success=True)


def _approve(
    run: WorkflowRun | None, approval: Approval, *, by: Actor, comment: str, **payload: bool
) -> None:
    _decide(approval, ApprovalStatus.APPROVED, by=by, comment=comment)
    unblock(approval.task, awaits_approval=False)
    _record_decision(EventType.APPROVAL_APPROVED, run, approval, by=by, payload=payload)


def _lock_approval(approval_id: int) -> tuple[WorkflowRun | None, Approval]:
    """Lock the run of an approval's task; return both as they are under the lock."""
    try:
        task_id = Approval.objects.values_list("task_id", flat=True).get(pk=approval_id)
    except Approval.DoesNotExist:
        raise NotFound("approval", approval_id) from None
    run, task = lock_task(task_id)
    approval = Approval.objects.get(pk=approval_id)
    approval.task = task
    return run, approval


def _decide(approval: Approval, status: ApprovalStatus, *, by: Actor, comment: str) -> None:
    approval.status, approval.comment = status, comment
    approval.decided_by, approval.decided_by_user = by.name, by.user
    approval.decided_at = timezone.now()
    approval.save()


def _record_decision(
    event_type: EventType,
    run: WorkflowRun | None,
    approval: Approval,
    *,
    by: Actor,
    payload: dict[str, Any] | None = None,
) -> None:
    """Write the event of a decision, which says what the approval does."""
    record(
        event_type,
        run=run,
        task=approval.task,
        by=by,
        reason=approval.comment,
        payload=payload,
        at=approval.decided_at,
    )
