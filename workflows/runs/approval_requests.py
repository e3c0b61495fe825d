"""Requests a person's approval of tasks, also once more after a rejection or a reset."""

from collections.abc import Collection, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from workflows.models import (
    Approval,
    ApprovalLasts,
    ApprovalStatus,
    EventType,
    Task,
    TaskState,
    WorkflowRun,
)
from workflows.models.actor import Actor
from workflows.runs.blocking import block
from workflows.runs.events import record_each
from workflows.runs.transitions import batches

AGAIN = "asked again because {}"


# Functions, not constants: querysets cannot be made while models are loaded, and models of others
# may import the operations.
def reason_asked() -> Subquery:
    """Return the column of a task that waits for approval: why it was asked again, if it was."""
    return Subquery(_approvals().filter(status=ApprovalStatus.PENDING).values("reason")[:1])


def _last_status() -> Subquery:
    return Subquery(_approvals().order_by("-id").values("status")[:1])


def _approvals() -> QuerySet[Approval]:
    return Approval.objects.filter(task=OuterRef("pk"))


def request_approvals(
    run: WorkflowRun | None, tasks: Sequence[Task], *, by: Actor, why: str = ""
) -> None:
    """
    Let tasks wait for an approval. The caller holds the lock, and stores the run.

    :param why: why they are asked again; empty for the first request.
    """
    now = timezone.now()
    for batch in batches(tasks):
        block(batch, awaits_approval=True)
        Approval.objects.bulk_create(
            Approval(task=task, reason=why, created_at=now) for task in batch
        )
        record_each(EventType.APPROVAL_PENDING, run, batch, by=by, reason=why, at=now)


def request_approval(run: WorkflowRun | None, task: Task, *, by: Actor, why: str = "") -> Approval:
    """Let one task wait for an approval, and return that."""
    request_approvals(run, [task], by=by, why=why)
    return task.approvals.get(status=ApprovalStatus.PENDING)


def request_again_if_rejected(run: WorkflowRun | None, tasks: Sequence[Task], *, by: Actor) -> None:
    """Let those tasks wait for a second approval that are pending again after a rejection."""
    gates = [task for task in tasks if task.requires_approval]
    rejected = {pk for batch in batches(gates) for pk in _rejected(batch)}
    again = [gate for gate in gates if gate.pk in rejected]
    if again:
        request_approvals(run, again, by=by, why=AGAIN.format("it was retried after a rejection"))


def request_again_after_reset(
    run: WorkflowRun | None, reset: Task, gates: Sequence[Task], *, by: Actor
) -> None:
    """Let the gates that `asking_again` found wait for an approval of what runs again."""
    others = [gate for gate in gates if gate.pk != reset.pk]
    if len(others) < len(gates):
        request_approvals(run, [reset], by=by, why=AGAIN.format("it was reset"))
    because = f"`{reset.step_id or reset.title}` was reset"
    request_approvals(run, others, by=by, why=AGAIN.format(because))


def asking_again(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """
    Return those of some tasks that ask for approval again when they are reset, or one before them.

    That are the decided ones: an open request stays open. A run may let approvals last, though.
    """
    approved = Exists(_approvals().filter(status=ApprovalStatus.APPROVED))
    lasts = Q(approved, run__approval_lasts=ApprovalLasts.RUN)
    return tasks.filter(requires_approval=True, awaits_approval=False).exclude(lasts)


def gates_asking_again(task_ids: Collection[int]) -> list[Task]:
    """Return the tasks among these that ask again, in the template's order."""
    found = [
        task
        for pks in batches([*task_ids])
        for task in asking_again(Task.objects.filter(pk__in=pks))
    ]
    return sorted(found, key=lambda task: task.position)


def undecided(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Return those of some tasks that nobody has let pass: their approval is open or refused."""
    gates = tasks.filter(requires_approval=True).exclude(state=TaskState.SUCCESS)
    return gates.annotate(last=_last_status()).exclude(last=ApprovalStatus.APPROVED)


def _rejected(gates: Sequence[Task]) -> QuerySet[Task, int]:
    """Return the ids of those that were rejected when they were last decided about."""
    decided = Task.objects.filter(pk__in=[gate.pk for gate in gates]).annotate(last=_last_status())
    return decided.filter(last=ApprovalStatus.REJECTED).values_list("pk", flat=True)
