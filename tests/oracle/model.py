"""
What the product promises, modelled as naively as possible.

Plain Python that computes everything anew each time: no counters, no locks, no database, no import
of the product. A task looks at all of its upstream tasks; a run looks at all of its tasks.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

ACTIVE = ("dispatched", "running")
BROKEN = ("failed", "canceled")
ENDED = ("success", *BROKEN)

DEPENDENCIES = "dependencies not satisfied"
APPROVAL = "waiting for approval"
HOLD = "on hold"
NOTHING = "no ready tasks"


class Refused(Exception):
    """The product is expected to refuse this; in these words, if they are given."""


@dataclass(eq=False)
class Runner:
    """A runner. One that `claims` fetches its attempts itself and is never called."""

    name: str
    claims: bool = False
    capacity: int | None = None
    is_enabled: bool = True
    refusal: str = ""
    attempts: "list[Attempt]" = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Return True if every place is taken."""
        taken = sum(attempt.status in ACTIVE for attempt in self.attempts)
        return self.capacity is not None and taken >= self.capacity

    def refusal_reason(self) -> str:
        """Return why nothing can be dispatched to it; empty if something can."""
        if not self.is_enabled:
            return f"runner refused: {self.name} is disabled"
        return f"runner is full: {self.name} has {self.capacity} at a time" if self.is_full else ""


@dataclass(eq=False)
class Attempt:
    """One dispatch that its runner did not refuse."""

    task: "Task"
    runner: Runner
    status: str = "dispatched"
    pk: Any = None


@dataclass(eq=False)
class Task:
    """One step of a run."""

    name: str
    runner: Runner
    needs_approval: bool = False
    upstream: "list[Task]" = field(default_factory=list)
    state: str = "pending"
    is_held: bool = False
    is_marked: bool = False
    is_unwanted: bool = False
    approvals: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    pk: int = 0

    @property
    def is_asked(self) -> bool:
        """Return True if it waits for an approval."""
        return self.approvals[-1:] == ["pending"]

    @property
    def waits_for(self) -> str:
        """Return what it waits for; empty if it may be dispatched."""
        if any(task.state != "success" for task in self.upstream):
            return DEPENDENCIES
        return APPROVAL if self.is_asked else HOLD if self.is_held else ""

    @property
    def is_free(self) -> bool:
        """Return True if only its run or its runner can keep it from being dispatched."""
        return self.state == "pending" and not self.waits_for

    @property
    def may_start(self) -> bool:
        """Return True if nothing but a person, its run or its runner keeps it back."""
        return all(task.state == "success" for task in self.upstream)

    @property
    def is_permanently_blocked(self) -> bool:
        """Return True if it waits for a failed or canceled task, directly or not."""
        return any(
            parent.state in BROKEN or (parent.state == "pending" and parent.is_permanently_blocked)
            for parent in self.upstream
        )

    @property
    def is_cause(self) -> bool:
        """Return True if it blocks downstream tasks until an operator acts."""
        waits = self.state == "pending" and (self.is_held or self.is_asked)
        return waits or self.state in BROKEN

    def causes(self) -> "set[Task]":
        """Return the nearest upstream tasks that block it, on every path."""
        found: set[Task] = set()
        for parent in self.upstream:
            if parent.is_cause:
                found.add(parent)
            elif parent.state == "pending":
                found |= parent.causes()
        return found

    def is_after(self, other: "Task") -> bool:
        """Return True if it depends on another, directly or not."""
        return any(parent is other or parent.is_after(other) for parent in self.upstream)

    def expect(self, *states: str) -> None:
        """Refuse unless the state is one of these."""
        if self.state not in states:
            raise Refused(f"task {self.pk} is {self.state}")


@dataclass(eq=False)
class Run:
    """Tasks in the template's order."""

    tasks: list[Task]
    is_auto: bool = False
    state: str = "created"
    pk: int = 0

    def expect(self, *states: str) -> None:
        """Refuse unless the state is one of these."""
        if self.state not in states:
            raise Refused(f"workflow run {self.pk} is {self.state}")

    def having(self, *states: str) -> list[Task]:
        """Return its tasks in these states."""
        return [task for task in self.tasks if task.state in states]

    def free(self) -> list[Task]:
        """Return the tasks that may be dispatched if the run allows it."""
        return [task for task in self.tasks if task.is_free]

    def blocked(self) -> list[Task]:
        """Return the pending tasks that can never run."""
        return [task for task in self.having("pending") if task.is_permanently_blocked]

    def close_run_if_finished(self) -> None:
        """End the run if nothing is left to do."""
        if self.state not in {"created", "running"} or self.having(*ACTIVE):
            return
        if not self.having("pending", *BROKEN):
            self.state = "success"
        elif self.having(*BROKEN) and not any(t.may_start for t in self.having("pending")):
            self.state = "failed"

    def reopen(self, *states: str) -> None:
        """Return a run in one of these states to running."""
        if self.state in states:
            self.state = "running"

    def deadlock(self) -> tuple[set[Task], int] | None:
        """Return what blocks tasks of a run that stands still, and how many; None if nothing."""
        stuck = self.state == "paused" or not (self.having(*ACTIVE) or self.free())
        if self.state in {"success", "aborted"} or not stuck:
            return None
        causes = {c for task in self.having("pending") for c in task.causes()}
        broken = {cause for cause in causes if cause.state in BROKEN}
        return (broken, len(self.blocked())) if broken else None


@dataclass
class Answer:
    """The answer to dispatch-ready."""

    sent: list[Task]
    reason: str | None = None
    blocked: list[tuple[Task, str, frozenset[Task]]] = field(default_factory=list)


@dataclass
class RunnerPool:
    """What the runners have refused during one call."""

    runners: dict[Runner, str] = field(default_factory=dict)
    tasks: dict[Task, str] = field(default_factory=dict)

    def refusal_of(self, task: Task) -> str:
        """Return why a task cannot be dispatched now; empty if it can."""
        refusal = self.tasks.get(task) or self.runners.get(task.runner)
        return refusal or task.runner.refusal_reason()


def create_attempts(run: Run, limit: int | None, pool: RunnerPool) -> Iterator[Attempt]:
    """Dispatch the first ready tasks with a willing runner; they are not yet submitted."""
    if run.state not in {"created", "running"}:
        return
    left = len(run.tasks) if limit is None else limit
    for task in run.free():
        if left and not pool.refusal_of(task):
            left -= 1
            run.state, task.state, task.is_unwanted = "running", "dispatched", False
            attempt = Attempt(task, task.runner)
            task.attempts.append(attempt)
            task.runner.attempts.append(attempt)
            yield attempt


def blocked(run: Run, pool: RunnerPool) -> Iterator[tuple[Task, str, frozenset[Task]]]:
    """Yield pending tasks that cannot be dispatched, with the reason: refused ones first."""
    for task in run.free():
        if why := pool.refusal_of(task):
            yield task, why, frozenset()
    for task in run.having("pending"):
        if task.waits_for:
            yield task, task.waits_for, frozenset(task.causes())


def reason_of(reasons: Collection[str]) -> str:
    """Return the most important reason."""
    for reason in reasons:
        if reason.startswith("runner"):
            return reason
    return next((each for each in (DEPENDENCIES, APPROVAL, HOLD) if each in reasons), NOTHING)
