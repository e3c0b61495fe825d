"""
Replays the trail of a run, and compares where it leads with what the rows say.

The moves are written down here once more, from the contract and not from the product.
"""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Q

from workflows.models import Event, Task, TaskAttempt, TaskDependency, WorkflowRun

ACTIVE = {"dispatched", "running"}
ENDED_BADLY = {"failed", "canceled"}
TASK_MOVES = {
    "task.created": ({""}, "pending"),
    "task.dispatched": ({"pending"}, "dispatched"),
    "task.submit_failed": ({"dispatched"}, "pending"),
    "task.running": ({"dispatched"}, "running"),
    "task.succeeded": (ACTIVE, "success"),
    "task.failed": (ACTIVE, "failed"),
    "task.lost": (ACTIVE, "failed"),
    "task.canceled": ({"pending", *ACTIVE}, "canceled"),
    "task.retried": (ENDED_BADLY, "pending"),
    "task.marked_success": (ENDED_BADLY, "success"),
}
RUN_MOVES = {
    "workflow_run.created": ({""}, "created"),
    "workflow_run.running": ({"created", "failed"}, "running"),
    "workflow_run.paused": ({"running"}, "paused"),
    "workflow_run.resumed": ({"paused"}, "running"),
    "workflow_run.succeeded": ({"running"}, "success"),
    "workflow_run.failed": ({"running"}, "failed"),
    "workflow_run.aborted": ({"created", "running", "paused"}, "aborted"),
}
OUTCOMES = {
    "task.submit_failed": {"refused"},
    "task.succeeded": {"success"},
    "task.failed": {"failed"},
    "task.lost": {"failed"},
    "task.canceled": {"canceled", "refused"},  # refused by its runner, and not wanted any more
}


@dataclass
class Told:
    """Where the trail has led so far."""

    run: str = ""
    tasks: dict[int, str] = field(default_factory=dict)
    attempts: dict[int, list[set[str]]] = field(default_factory=dict)
    """By task: for each attempt the outcomes that it may have; "" while it is open."""
    held: set[int] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)

    def hear(self, event: Event) -> None:
        """Follow one event; fail if it cannot have happened there."""
        if event.task_id is None:
            self._hear_of_run(event)
        else:
            self._hear_of_task(event, event.task_id)

    def _hear_of_run(self, event: Event) -> None:
        if event.event_type in RUN_MOVES:
            sources, target = RUN_MOVES[event.event_type]
            assert self.run in sources, f"{event} of a run that is {self.run or 'unknown'}"
            self.run = target

    def _hear_of_task(self, event: Event, task: int) -> None:
        match event.event_type.split("."):
            case ["task", "held"]:
                self.held.add(task)
            case ["task", "released"]:
                self.held.remove(task)
            case ["approval", "pending"]:
                self.asked.add(task)
            case ["approval", _]:
                self.asked.remove(task)
        if event.event_type in TASK_MOVES:
            self._move(event, task)

    def _move(self, event: Event, task: int) -> None:
        sources, target = TASK_MOVES[event.event_type]
        before = self.tasks.get(task, "")
        assert before in sources, f"{event} of task {task} that is {before or 'unknown'}"
        attempts = self.attempts.setdefault(task, [])
        if target == "dispatched":
            attempts.append({""})
        elif before in ACTIVE and target != "running":
            attempts[-1] = OUTCOMES[event.event_type]
        self.tasks[task] = target


def check_trail(run: WorkflowRun) -> None:
    """Fail unless the trail of a run explains every state, attempt and counter of it."""
    told = Told()
    # A task that was put into a run has a past outside of it.
    for event in Event.objects.filter(Q(run=run) | Q(task__run=run)).order_by("id"):
        told.hear(event)
    run.refresh_from_db()
    tasks = list(Task.objects.filter(run=run))
    assert told.run == run.state
    assert told.tasks == {task.pk: task.state for task in tasks}
    assert Counter(told.tasks.values()) == {s: n for s, n in run.task_counts.items() if n}
    _check_attempts(run, told)
    _check_waiting(run, tasks, told)


def _check_attempts(run: WorkflowRun, told: Told) -> None:
    attempts = list(TaskAttempt.objects.filter(task__run=run).order_by("task", "number"))
    numbers = [(attempt.task_id, attempt.number) for attempt in attempts]
    assert numbers == [
        (task, number + 1) for task in sorted(told.attempts) for number in range(_n(told, task))
    ]
    for attempt in attempts:
        may_be = told.attempts[attempt.task_id][attempt.number - 1]
        assert attempt.outcome in may_be, f"{attempt} is {attempt.outcome}, not {may_be}"
    kept = Task.objects.filter(run=run, attempt_count__gt=0).values_list("pk", "attempt_count")
    assert dict(kept) == {task: _n(told, task) for task in told.attempts if _n(told, task)}


def _n(told: Told, task: int) -> int:
    return len(told.attempts[task])


def _check_waiting(run: WorkflowRun, tasks: list[Task], told: Told) -> None:
    unmet = Counter(
        task
        for task, upstream in TaskDependency.objects.filter(task__run=run).values_list(
            "task_id", "depends_on_id"
        )
        if told.tasks[upstream] != "success"
    )
    for task in tasks:
        assert (task.is_held, task.awaits_approval) == (task.pk in told.held, task.pk in told.asked)
        waits = unmet[task.pk] + task.is_held + task.awaits_approval
        assert task.unmet_count == waits, f"{task} waits for {waits}, not for {task.unmet_count}"
