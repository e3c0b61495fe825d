"""Replays the events of a run, and finds those that are impossible at their place."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from workflows.models import ApprovalStatus, EventType, RunState, Task, TaskState, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.models.run import DISPATCHABLE
from workflows.models.task import ACTIVE, BROKEN

NOT_CREATED = ""
"""The state of runs and tasks before they are created."""

TransitionsByEvent = dict[str, dict[str, str]]
"""By event type: the target state for each source state."""


def _transitions_by_event(model: type[Task | WorkflowRun]) -> TransitionsByEvent:
    found: TransitionsByEvent = defaultdict(dict)
    for transition in model._meta.get_field("state").get_all_transitions(model):
        found[transition.custom["event"]][str(transition.source)] = str(transition.target)
    return dict(found)


RUN_TRANSITIONS = _transitions_by_event(WorkflowRun) | {
    EventType.RUN_CREATED: {NOT_CREATED: RunState.CREATED}
}
TASK_TRANSITIONS = _transitions_by_event(Task) | {
    EventType.TASK_CREATED: {NOT_CREATED: TaskState.PENDING}
}
TASK_TRANSITIONS[EventType.TASK_LOST] = TASK_TRANSITIONS[EventType.TASK_FAILED]

OUTCOMES = {
    EventType.TASK_SUBMIT_FAILED: {Outcome.REFUSED},
    EventType.TASK_SUCCEEDED: {Outcome.SUCCESS},
    EventType.TASK_FAILED: {Outcome.FAILED},
    EventType.TASK_LOST: {Outcome.FAILED},
    # REFUSED: its runner refused it, and then it was canceled.
    EventType.TASK_CANCELED: {Outcome.CANCELED, Outcome.REFUSED},
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A mismatch: an impossible event, or a row that the trail does not explain."""

    run_id: int
    what: str
    expected: str
    found: str
    task_id: int | None = None
    event_id: int | None = None

    @property
    def sentence(self) -> str:
        """The finding in one line."""
        where = [f"workflow run {self.run_id}"]
        where += [f"event {self.event_id}"] if self.event_id else []
        where += [f"task {self.task_id}"] if self.task_id else []
        return f"{', '.join(where)}: {self.what}: expected {self.expected}, found {self.found}"

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON data."""
        return asdict(self)


class EventRow(NamedTuple):
    """The columns of an event that the replay needs."""

    id: int
    event_type: str
    task_id: int | None
    payload: dict[str, Any]
    created_at: datetime


@dataclass(slots=True)
class ReplayedAttempt:
    """An attempt according to the trail."""

    pk: str
    runner: str
    dispatched: datetime
    started: datetime | None = None
    ended: datetime | None = None
    outcomes: set[str] = field(default_factory=lambda: {""})


@dataclass(slots=True)
class ReplayedTask:
    """A task according to the trail."""

    state: str = NOT_CREATED
    is_held: bool = False
    is_marked_success: bool = False
    is_cancel_requested: bool = False
    attempts: list[ReplayedAttempt] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)

    @property
    def awaits_approval(self) -> bool:
        """Whether an approval was requested and is not decided yet."""
        return ApprovalStatus.PENDING in self.approvals


UNKNOWN_TASK = ReplayedTask()
"""A task without any event."""


class Replay:
    """The state of a run after the events applied so far."""

    def __init__(self, run_id: int, upstream: Mapping[int, Sequence[int]]) -> None:
        """Begin before the first event; `upstream` holds the dependencies of the run."""
        self.run_id = run_id
        self.state: str = NOT_CREATED
        self.has_started = False
        self.tasks: defaultdict[int, ReplayedTask] = defaultdict(ReplayedTask)
        self.counts: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self._upstream = upstream

    def apply(self, event: EventRow) -> None:
        """Apply one event; an impossible one is added to the findings."""
        if event.task_id is None:
            self._apply_run_event(event)
        elif event.event_type in TASK_TRANSITIONS:
            self._apply_transition(event, self.tasks[event.task_id])
        else:
            self._apply_task_event(event, self.tasks[event.task_id])

    def waits_for(self, task_id: int) -> Iterator[str]:
        """Yield what a task waits for, in a few words each."""
        task = self.tasks.get(task_id, UNKNOWN_TASK)
        for parent in self._upstream.get(task_id, ()):
            if (state := self.tasks.get(parent, UNKNOWN_TASK).state) != TaskState.SUCCESS:
                yield f"task {parent} ({state or 'not created'})"
        if task.awaits_approval:
            yield "an approval"
        if task.is_held:
            yield "a release"

    def add_finding(self, event: EventRow, what: str, expected: str, found: str) -> None:
        """Add a finding about an event."""
        self.findings.append(
            Finding(self.run_id, what, expected, found, event.task_id, event_id=event.id)
        )

    def _apply_run_event(self, event: EventRow) -> None:
        if event.event_type in RUN_TRANSITIONS:
            self.state = self._next_state(event, RUN_TRANSITIONS[event.event_type], self.state)
            self.has_started |= self.state == RunState.RUNNING
        if event.event_type == EventType.RUN_SUCCEEDED:
            self._expect_no_tasks(event, set(TaskState) - {TaskState.SUCCESS})
        if event.event_type == EventType.RUN_FAILED:
            self._expect_no_tasks(event, set(ACTIVE))
            if not any(self.counts[state] for state in BROKEN):
                self.add_finding(event, event.event_type, "a failed or canceled task", "none")

    def _expect_no_tasks(self, event: EventRow, states: set[TaskState]) -> None:
        for state in sorted(states):
            if n := self.counts[state]:
                self.add_finding(event, event.event_type, f"no task that is {state}", str(n))

    def _next_state(self, event: EventRow, transitions: Mapping[str, str], state: str) -> str:
        if state not in transitions:
            sources = " or ".join(sorted(transitions)) or "nothing before"
            self.add_finding(event, f"{event.event_type} from", sources, state or "nothing before")
        return transitions.get(state) or next(iter(transitions.values()))

    def _apply_transition(self, event: EventRow, task: ReplayedTask) -> None:
        before, transitions = task.state, TASK_TRANSITIONS[event.event_type]
        task.state = self._next_state(event, transitions, before)
        self.counts[before] -= 1
        self.counts[task.state] += 1
        match event.event_type:
            case EventType.TASK_DISPATCHED:
                self._add_attempt(event, task)
            case EventType.TASK_RETRIED:
                task.is_marked_success = task.is_cancel_requested = False
            case EventType.TASK_MARKED_SUCCESS:
                task.is_marked_success = True
        if before in ACTIVE and task.attempts:
            self._update_attempt(event, task.attempts[-1])

    def _add_attempt(self, event: EventRow, task: ReplayedTask) -> None:
        if self.state not in DISPATCHABLE:
            self.add_finding(event, "dispatch, of the run", " or ".join(DISPATCHABLE), self.state)
        for waited_for in self.waits_for(event.task_id or 0):
            self.add_finding(
                event, "dispatch", "nothing left to wait for", f"it waits for {waited_for}"
            )
        task.is_cancel_requested = False
        attempt_id, runner = (str(event.payload.get(name)) for name in ("attempt_id", "runner"))
        task.attempts.append(ReplayedAttempt(attempt_id, runner, event.created_at))

    def _update_attempt(self, event: EventRow, attempt: ReplayedAttempt) -> None:
        attempt_id = event.payload.get("attempt_id", attempt.pk)
        if attempt_id != attempt.pk:
            self.add_finding(event, f"{event.event_type} of attempt", attempt.pk, str(attempt_id))
        if attempt.ended:
            self.add_finding(
                event, f"{event.event_type} of attempt {attempt.pk}", "an open one", "ended"
            )
        if event.event_type == EventType.TASK_RUNNING:
            attempt.started = event.created_at
        else:
            attempt.ended = event.created_at
            attempt.outcomes = set(OUTCOMES.get(EventType(event.event_type), ()))

    def _apply_task_event(self, event: EventRow, task: ReplayedTask) -> None:
        kind = event.event_type
        match kind:
            case EventType.TASK_HELD | EventType.TASK_RELEASED:
                self._expect(event, task.is_held, kind == EventType.TASK_RELEASED, "on hold")
                task.is_held = kind == EventType.TASK_HELD
            case EventType.APPROVAL_PENDING:
                self._expect(event, task.awaits_approval, False, "waiting for approval")
                task.approvals.append(ApprovalStatus.PENDING)
            case EventType.APPROVAL_APPROVED | EventType.APPROVAL_REJECTED:
                self._expect(event, task.awaits_approval, True, "waiting for approval")
                task.approvals[-1:] = [kind.removeprefix("approval.")]
            case EventType.TASK_CANCEL_REQUESTED:
                self._expect(event, task.state in ACTIVE, True, "active")
                task.is_cancel_requested = True

    def _expect(self, event: EventRow, found: bool, expected: bool, what: str) -> None:
        if found != expected:
            words = {True: what, False: f"not {what}"}
            self.add_finding(
                event, event.event_type, f"a task that is {words[expected]}", words[found]
            )
