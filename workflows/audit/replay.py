"""Replays the events of a run, and finds those that are impossible at their place."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from workflows.audit.columns import follow_approval, follow_task
from workflows.audit.findings import Finding
from workflows.audit.kept import NEVER_TOUCHED, follow_retention
from workflows.audit.replayed import (
    NOT_CREATED,
    UNKNOWN_TASK,
    Allowed,
    EventRow,
    ReplayedAttempt,
    ReplayedTask,
    allow,
    allow_also,
)
from workflows.models import EventType, RunState, Task, TaskState, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.models.run import DISPATCHABLE
from workflows.models.task import ACTIVE, BROKEN

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

ENDED_RUNS = (RunState.SUCCESS, RunState.FAILED, RunState.ABORTED)
OUTCOMES = {
    EventType.TASK_SUBMIT_FAILED: {Outcome.REFUSED},
    EventType.TASK_SUCCEEDED: {Outcome.SUCCESS},
    EventType.TASK_FAILED: {Outcome.FAILED},
    EventType.TASK_LOST: {Outcome.FAILED},
    # REFUSED: its runner refused it, and then it was canceled.
    EventType.TASK_CANCELED: {Outcome.CANCELED, Outcome.REFUSED},
}


class Replay:
    """The state of a run after the events applied so far."""

    def __init__(
        self,
        run_id: int,
        upstream: Mapping[int, Sequence[int]],
        started: Mapping[str, datetime | None],
    ) -> None:
        """
        Begin before the first event.

        :param upstream: the dependencies of the run, by task.
        :param started: when each attempt has started, as its row says.
        """
        self.run_id = run_id
        self.state: str = NOT_CREATED
        self.has_started = False
        self.tasks: defaultdict[int, ReplayedTask] = defaultdict(ReplayedTask)
        self.counts: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.columns: Allowed = {}
        self.labels: dict[str, Any] = {}
        self._upstream = upstream
        self._started = started

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
        yield from self.unfinished_upstream(task_id)
        if task.awaits_approval:
            yield "an approval"
        if task.is_held:
            yield "a release"

    def unfinished_upstream(self, task_id: int) -> Iterator[str]:
        """Yield the upstream tasks that are not success."""
        for parent in self._upstream.get(task_id, ()):
            if (state := self.tasks.get(parent, UNKNOWN_TASK).state) != TaskState.SUCCESS:
                yield f"task {parent} ({state or 'not created'})"

    def add_finding(self, event: EventRow, what: str, expected: str, found: str) -> None:
        """Add a finding about an event."""
        self.findings.append(
            Finding(self.run_id, what, expected, found, event.task_id, event_id=event.id)
        )

    def _apply_run_event(self, event: EventRow) -> None:
        if event.event_type in {EventType.RUN_CREATED, EventType.RUN_LABELED}:
            self.labels |= event.details.get("labels", {})
        if event.event_type in RUN_TRANSITIONS:
            before = self.state
            self.state = self._next_state(event, RUN_TRANSITIONS[event.event_type], self.state)
            self.has_started |= self.state == RunState.RUNNING
            self._follow_run(event, before)
        follow_retention(event, self.columns, self.tasks.values())
        if event.event_type == EventType.RUN_SUCCEEDED:
            self._expect_no_tasks(event, set(TaskState) - {TaskState.SUCCESS})
        if event.event_type == EventType.RUN_FAILED:
            self._expect_no_tasks(event, set(ACTIVE))
            if not any(self.counts[state] for state in BROKEN):
                self.add_finding(event, event.event_type, "a failed or canceled task", "none")

    def _follow_run(self, event: EventRow, before: str) -> None:
        if before == NOT_CREATED:
            allow(self.columns, event, started_at=None, finished_at=None, reopened_at=None)
            allow(self.columns, event, **NEVER_TOUCHED)
            allow(self.columns, event, template_id=event.details.get("template_id"))
            allow_also(self.columns, "template_id", None)  # deleting the template empties it
        elif before == RunState.CREATED and self.state == RunState.RUNNING:
            allow(self.columns, event, started_at=event.created_at)
        elif self.state in ENDED_RUNS:
            allow(self.columns, event, finished_at=event.created_at)
        elif before in ENDED_RUNS:
            allow(self.columns, event, finished_at=None, reopened_at=event.created_at)
            allow(self.columns, event, logs_removed_at=None)
            allow_also(self.columns, "reopened_at", None)  # by a process of an earlier release

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
        self._follow(event, task, before)

    def _follow(self, event: EventRow, task: ReplayedTask, before: str) -> None:
        started_at = self._started.get(task.attempts[-1].pk) if task.attempts else None
        follow_task(event, task, before, started_at)

    def _add_attempt(self, event: EventRow, task: ReplayedTask) -> None:
        if self.state not in DISPATCHABLE:
            self.add_finding(event, "dispatch, of the run", " or ".join(DISPATCHABLE), self.state)
        for waited_for in self.waits_for(event.task_id or 0):
            self.add_finding(
                event, "dispatch", "nothing left to wait for", f"it waits for {waited_for}"
            )
        task.is_cancel_requested = False
        attempt_id, runner = (str(event.details.get(name)) for name in ("attempt_id", "runner"))
        task.attempts.append(ReplayedAttempt(attempt_id, runner, event.created_at, event.is_exact))

    def _update_attempt(self, event: EventRow, attempt: ReplayedAttempt) -> None:
        attempt_id = event.details.get("attempt_id", attempt.pk)
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
            attempt.has_exact_end = event.is_exact and "attempt_id" in event.details
            attempt.is_lost = event.event_type == EventType.TASK_LOST

    def _apply_task_event(self, event: EventRow, task: ReplayedTask) -> None:
        kind = event.event_type
        match kind:
            case EventType.TASK_HELD | EventType.TASK_RELEASED:
                self._expect(event, task.is_held, kind == EventType.TASK_RELEASED, "on hold")
                task.is_held = kind == EventType.TASK_HELD
            case EventType.APPROVAL_PENDING:
                self._expect(event, task.awaits_approval, False, "waiting for approval")
                follow_approval(event, task)
            case EventType.APPROVAL_APPROVED | EventType.APPROVAL_REJECTED:
                self._expect(event, task.awaits_approval, True, "waiting for approval")
                follow_approval(event, task)
            case EventType.TASK_CANCEL_REQUESTED:
                self._expect(event, task.state in ACTIVE, True, "active")
                task.is_cancel_requested = True
        self._follow(event, task, task.state)

    def _expect(self, event: EventRow, found: bool, expected: bool, what: str) -> None:
        if found != expected:
            words = {True: what, False: f"not {what}"}
            self.add_finding(
                event, event.event_type, f"a task that is {words[expected]}", words[found]
            )
