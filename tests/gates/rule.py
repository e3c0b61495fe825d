"""
The rule of four eyes, from the trail alone.

At each dispatch, every gate on the way must have been approved since it was last asked, by somebody
who may, and by another person than the creator of the run. Nothing of the product is asked but the
rows of events, edges and users.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from workflows.models import Event, Task, TaskDependency, WorkflowRun

DECIDE = "workflows.decide_approval"


@dataclass
class Trail:
    """What the events of one run have said so far."""

    run: WorkflowRun
    creator: str = ""
    approved: set[int] = field(default_factory=set)
    """Gates that were approved since they were last asked."""
    waved: set[int] = field(default_factory=set)
    """Tasks that were marked success by somebody who may decide, for all that stands before."""

    def __post_init__(self) -> None:
        edges = TaskDependency.objects.filter(task__run=self.run)
        self.parents: dict[int, list[int]] = {}
        for task, parent in edges.values_list("task_id", "depends_on_id"):
            self.parents.setdefault(task, []).append(parent)
        gates = Task.objects.filter(run=self.run, requires_approval=True)
        self.gates = set(gates.values_list("pk", flat=True))

    def may_decide(self, key: str) -> bool:
        """Return True if a user may decide approvals of this run."""
        if self.run.approver_must_differ and key == self.creator:
            return False
        user = User.objects.filter(pk=int(key)).first() if key else None
        return user is not None and user.has_perm(DECIDE)

    def closed_gates(self, task: int) -> Iterator[int]:
        """Yield the gates on the ways to a task that nobody has opened; waved ways are open."""
        if task in self.gates and task not in self.approved:
            yield task
        for parent in self.parents.get(task, ()):
            if parent not in self.waved:
                yield from self.closed_gates(parent)

    def is_after(self, task: int, other: int) -> bool:
        """Return True if a task is another one, or follows it."""
        return task == other or any(
            self.is_after(parent, other) for parent in self.parents.get(task, ())
        )

    def apply(self, event: Event, *, is_reset: bool) -> Iterator[str]:
        """Take one event, and yield what it breaks."""
        task = event.task_id or 0
        match event.event_type:
            case "workflow_run.created":
                self.creator = event.actor_user
            case "approval.approved" if self.may_decide(event.actor_user):
                self.approved.add(task)
            case "approval.pending" | "approval.rejected":
                self.approved.discard(task)
            case "task.retried" if is_reset:
                self._ask_again(task)
            case "task.marked_success" if self.may_decide(event.actor_user):
                self.waved.add(task)
            case "task.dispatched" | "task.marked_success" | "task.succeeded":
                for gate in self.closed_gates(task):
                    yield f"{event.event_type} of {event.task} by {event.actor} past gate {gate}"

    def _ask_again(self, task: int) -> None:
        self.approved -= {gate for gate in self.gates if self.is_after(gate, task)}
        self.waved = {each for each in self.waved if not self.is_after(each, task)}


def broken_rules(run: WorkflowRun) -> list[str]:
    """Return every event of a run that went past a gate which nobody had opened."""
    trail = Trail(WorkflowRun.objects.get(pk=run.pk))
    early = Event.objects.filter(run=None, task__run=run)
    events = list((Event.objects.filter(run=run) | early).order_by("id").select_related("task"))
    roots = {event.payload.get("downstream_of") for event in events}
    ended_well: set[int] = set()
    found: list[str] = []
    for event in events:
        task = event.task_id or 0
        is_reset = task in ended_well or task in roots or "downstream_of" in event.payload
        found += trail.apply(event, is_reset=is_reset)
        if event.event_type in {"task.succeeded", "task.marked_success"}:
            ended_well.add(task)
        elif event.event_type == "task.retried":
            ended_well.discard(task)
    return found
