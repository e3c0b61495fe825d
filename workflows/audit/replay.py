"""Where a trail leads, line by line; and which of its lines cannot have happened there."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from workflows.models import ApprovalStatus, EventType, RunState, Task, TaskState, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.models.run import DISPATCHABLE
from workflows.models.task import ACTIVE, BROKEN

NOWHERE = ""
"""Where runs and tasks are before they are created."""

Moves = dict[str, dict[str, str]]
"""By type of event: where its arrow may begin, and where it leads from there."""


def _moves(model: type[Task | WorkflowRun]) -> Moves:
    moves: Moves = defaultdict(dict)
    for transition in model._meta.get_field("state").get_all_transitions(model):
        moves[transition.custom["event"]][str(transition.source)] = str(transition.target)
    return dict(moves)


RUN_MOVES = _moves(WorkflowRun) | {EventType.RUN_CREATED: {NOWHERE: RunState.CREATED}}
TASK_MOVES = _moves(Task) | {EventType.TASK_CREATED: {NOWHERE: TaskState.PENDING}}
TASK_MOVES[EventType.TASK_LOST] = TASK_MOVES[EventType.TASK_FAILED]

OUTCOMES = {
    EventType.TASK_SUBMIT_FAILED: {Outcome.REFUSED},
    EventType.TASK_SUCCEEDED: {Outcome.SUCCESS},
    EventType.TASK_FAILED: {Outcome.FAILED},
    EventType.TASK_LOST: {Outcome.FAILED},
    # Refused by its runner, and not wanted any more.
    EventType.TASK_CANCELED: {Outcome.CANCELED, Outcome.REFUSED},
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit: a line of the trail, or a row that no line explains."""

    run_id: int
    what: str
    expected: str
    found: str
    task_id: int | None = None
    event_id: int | None = None

    @property
    def sentence(self) -> str:
        """Say it in one line."""
        where = [f"workflow run {self.run_id}"]
        where += [f"event {self.event_id}"] if self.event_id else []
        where += [f"task {self.task_id}"] if self.task_id else []
        return f"{', '.join(where)}: {self.what}: expected {self.expected}, found {self.found}"

    def as_json(self) -> dict[str, Any]:
        """Return the form for programs."""
        return asdict(self)


class Line(NamedTuple):
    """What matters of an event."""

    id: int
    event_type: str
    task_id: int | None
    payload: dict[str, Any]
    created_at: datetime


@dataclass(slots=True)
class ToldAttempt:
    """What the trail says of an attempt."""

    pk: str
    runner: str
    dispatched: datetime
    started: datetime | None = None
    ended: datetime | None = None
    outcomes: set[str] = field(default_factory=lambda: {""})


@dataclass(slots=True)
class ToldTask:
    """What the trail says of a task."""

    state: str = NOWHERE
    is_held: bool = False
    is_marked_success: bool = False
    is_cancel_requested: bool = False
    attempts: list[ToldAttempt] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)

    @property
    def awaits_approval(self) -> bool:
        """Whether somebody has been asked and has not answered."""
        return ApprovalStatus.PENDING in self.approvals


UNTOLD = ToldTask()
"""A task that no line has spoken of."""


class Replay:
    """A run, as far as its trail has been read."""

    def __init__(self, run_id: int, upstream: Mapping[int, Sequence[int]]) -> None:
        """Begin before the first line; the edges are those of the run."""
        self.run_id = run_id
        self.state: str = NOWHERE
        self.has_started = False
        self.tasks: defaultdict[int, ToldTask] = defaultdict(ToldTask)
        self.counts: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self._upstream = upstream

    def hear(self, line: Line) -> None:
        """Follow one line, and note what cannot have happened here."""
        if line.task_id is None:
            self._hear_of_run(line)
        elif line.event_type in TASK_MOVES:
            self._move(line, self.tasks[line.task_id])
        else:
            self._hear_of_task(line, self.tasks[line.task_id])

    def waits_for(self, task_id: int) -> Iterator[str]:
        """Yield what a task waits for, each in a few words."""
        task = self.tasks.get(task_id, UNTOLD)
        for parent in self._upstream.get(task_id, ()):
            if (state := self.tasks.get(parent, UNTOLD).state) != TaskState.SUCCESS:
                yield f"task {parent} ({state or 'not created'})"
        if task.awaits_approval:
            yield "an approval"
        if task.is_held:
            yield "a release"

    def find(self, line: Line, what: str, expected: str, found: str) -> None:
        """Note a line that does not fit."""
        self.findings.append(
            Finding(self.run_id, what, expected, found, line.task_id, event_id=line.id)
        )

    def _hear_of_run(self, line: Line) -> None:
        if line.event_type in RUN_MOVES:
            self.state = self._follow(line, RUN_MOVES[line.event_type], self.state)
            self.has_started |= self.state == RunState.RUNNING
        if line.event_type == EventType.RUN_SUCCEEDED:
            self._expect_no_tasks(line, set(TaskState) - {TaskState.SUCCESS})
        if line.event_type == EventType.RUN_FAILED:
            self._expect_no_tasks(line, set(ACTIVE))
            if not any(self.counts[state] for state in BROKEN):
                self.find(line, line.event_type, "a failed or canceled task", "none")

    def _expect_no_tasks(self, line: Line, states: set[TaskState]) -> None:
        for state in sorted(states):
            if n := self.counts[state]:
                self.find(line, line.event_type, f"no task that is {state}", str(n))

    def _follow(self, line: Line, arrows: Mapping[str, str], state: str) -> str:
        if state not in arrows:
            sources = " or ".join(sorted(arrows)) or "nothing before"
            self.find(line, f"{line.event_type} from", sources, state or "nothing before")
        return arrows.get(state) or next(iter(arrows.values()))

    def _move(self, line: Line, task: ToldTask) -> None:
        before, task.state = task.state, self._follow(line, TASK_MOVES[line.event_type], task.state)
        self.counts[before] -= 1
        self.counts[task.state] += 1
        match line.event_type:
            case EventType.TASK_DISPATCHED:
                self._dispatch(line, task)
            case EventType.TASK_RETRIED:
                task.is_marked_success = task.is_cancel_requested = False
            case EventType.TASK_MARKED_SUCCESS:
                task.is_marked_success = True
        if before in ACTIVE and task.attempts:
            self._hear_of_attempt(line, task.attempts[-1])

    def _dispatch(self, line: Line, task: ToldTask) -> None:
        if self.state not in DISPATCHABLE:
            self.find(line, "dispatch, of the run", " or ".join(DISPATCHABLE), self.state)
        for waited_for in self.waits_for(line.task_id or 0):
            self.find(line, "dispatch", "nothing left to wait for", f"it waits for {waited_for}")
        task.is_cancel_requested = False
        said = line.payload
        attempt = ToldAttempt(str(said.get("attempt_id")), str(said.get("runner")), line.created_at)
        task.attempts.append(attempt)

    def _hear_of_attempt(self, line: Line, attempt: ToldAttempt) -> None:
        said = line.payload.get("attempt_id", attempt.pk)
        if said != attempt.pk:
            self.find(line, f"{line.event_type} of attempt", attempt.pk, str(said))
        if attempt.ended:
            self.find(line, f"{line.event_type} of attempt {attempt.pk}", "an open one", "ended")
        if line.event_type == EventType.TASK_RUNNING:
            attempt.started = line.created_at
        else:
            attempt.ended = line.created_at
            attempt.outcomes = set(OUTCOMES.get(EventType(line.event_type), ()))

    def _hear_of_task(self, line: Line, task: ToldTask) -> None:
        kind = line.event_type
        match kind:
            case EventType.TASK_HELD | EventType.TASK_RELEASED:
                self._expect(line, task.is_held, kind == EventType.TASK_RELEASED, "on hold")
                task.is_held = kind == EventType.TASK_HELD
            case EventType.APPROVAL_PENDING:
                self._expect(line, task.awaits_approval, False, "waiting for approval")
                task.approvals.append(ApprovalStatus.PENDING)
            case EventType.APPROVAL_APPROVED | EventType.APPROVAL_REJECTED:
                self._expect(line, task.awaits_approval, True, "waiting for approval")
                task.approvals[-1:] = [kind.removeprefix("approval.")]
            case EventType.TASK_CANCEL_REQUESTED:
                self._expect(line, task.state in ACTIVE, True, "active")
                task.is_cancel_requested = True

    def _expect(self, line: Line, found: bool, expected: bool, what: str) -> None:
        if found != expected:
            words = {True: what, False: f"not {what}"}
            self.find(line, line.event_type, f"a task that is {words[expected]}", words[found])
