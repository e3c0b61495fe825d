"""Both state machines: every pair of a state and a transition, as docs/states.md draws them."""

import pytest
from django_fsm import ConcurrentTransition, TransitionNotAllowed

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.tables import everything
from tests.support.verbs import state, states, task, trail
from workflows.models import RunState, Task, TaskState, WorkflowRun
from workflows.runs.transitions import save_progress, transition_tasks

Transitions = dict[str, tuple[set[str], str, str]]
"""By name: the states that a transition starts from, where it leads, which event it leaves."""

TASK_TRANSITIONS: Transitions = {
    "dispatch": ({"pending"}, "dispatched", "task.dispatched"),
    "take_back": ({"dispatched"}, "pending", "task.submit_failed"),
    "start": ({"dispatched"}, "running", "task.running"),
    "succeed": ({"dispatched", "running"}, "success", "task.succeeded"),
    "fail": ({"dispatched", "running"}, "failed", "task.failed"),
    "cancel": ({"pending", "dispatched", "running"}, "canceled", "task.canceled"),
    "retry": ({"failed", "canceled"}, "pending", "task.retried"),
    "reset": ({"success", "failed", "canceled"}, "pending", "task.retried"),
    "mark_success": ({"failed", "canceled"}, "success", "task.marked_success"),
}
RUN_TRANSITIONS: Transitions = {
    "start": ({"created"}, "running", "workflow_run.running"),
    "pause": ({"running"}, "paused", "workflow_run.paused"),
    "resume": ({"paused"}, "running", "workflow_run.resumed"),
    "abort": ({"created", "running", "paused"}, "aborted", "workflow_run.aborted"),
    "succeed": ({"running"}, "success", "workflow_run.succeeded"),
    "fail": ({"running"}, "failed", "workflow_run.failed"),
    "reopen": ({"failed", "success"}, "running", "workflow_run.running"),
}


def pairs(transitions: Transitions, states: list[str], *, allowed: bool) -> list[tuple[str, str]]:
    return [
        (start, name)
        for name, (sources, *_) in transitions.items()
        for start in states
        if (start in sources) == allowed
    ]


def task_in(run: WorkflowRun, start: str) -> Task:
    """Put the only task of a run into a state, and the run's counts with it."""
    Task.objects.filter(run=run).update(state=start)
    run.pending_count = 0
    setattr(run, f"{start}_count", 1)
    run.save()
    return task(run, "a")


@pytest.mark.parametrize(
    ("start", "transition"), pairs(TASK_TRANSITIONS, TaskState.values, allowed=True)
)
def test_task_makes_each_of_its_transitions(runs: DrawRun, start: str, transition: str) -> None:
    run = runs("a")
    transition_tasks(
        run, [task_in(run, start)], getattr(Task, transition), by=who("ada"), reason="why not"
    )
    _, target, event = TASK_TRANSITIONS[transition]
    assert states(run) == {"a": target}
    assert trail(run) == [f"{event} a"]
    last = run.events.latest("id")
    assert (last.actor, last.reason) == ("ada", "why not")
    assert {s: n for s, n in run.task_counts.items() if n} == {target: 1}


@pytest.mark.parametrize(
    ("start", "transition"), pairs(TASK_TRANSITIONS, TaskState.values, allowed=False)
)
def test_task_refuses_every_other_transition(runs: DrawRun, start: str, transition: str) -> None:
    run = runs("a")
    stuck = task_in(run, start)
    before = everything()
    with pytest.raises(ConcurrentTransition):
        transition_tasks(run, [stuck], getattr(Task, transition), by=who("ada"))
    assert everything() == before
    assert run.task_counts[start] == 1


@pytest.mark.parametrize(
    ("start", "transition"), pairs(RUN_TRANSITIONS, RunState.values, allowed=True)
)
def test_run_makes_each_of_its_transitions(runs: DrawRun, start: str, transition: str) -> None:
    run = runs("a")
    run.state = start
    getattr(run, transition)(by=who("ada"), reason="why not")
    save_progress(run)
    _, target, event = RUN_TRANSITIONS[transition]
    assert state(run) == target
    assert trail(run) == [event]
    last = run.events.latest("id")
    assert (last.actor, last.reason) == ("ada", "why not")


@pytest.mark.parametrize(
    ("start", "transition"), pairs(RUN_TRANSITIONS, RunState.values, allowed=False)
)
def test_run_refuses_every_other_transition(runs: DrawRun, start: str, transition: str) -> None:
    run = runs("a")
    run.state = start
    with pytest.raises(TransitionNotAllowed):
        getattr(run, transition)(by=who("ada"))
    assert trail(run) == []


@pytest.mark.parametrize(
    ("model", "transitions"), [(Task, TASK_TRANSITIONS), (WorkflowRun, RUN_TRANSITIONS)]
)
def test_no_other_transition_is_declared(
    model: type[Task] | type[WorkflowRun], transitions: Transitions
) -> None:
    declared = {
        (found.source, found.name, found.target)
        for found in model().get_all_state_transitions()  # type: ignore[union-attr]
    }
    assert declared == {
        (source, name, target)
        for name, (sources, target, _) in transitions.items()
        for source in sources
    }
