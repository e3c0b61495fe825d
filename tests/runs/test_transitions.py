"""A set of tasks makes a transition, all tasks or none."""

import pytest
from django.db import transaction
from django_fsm import ConcurrentTransition
from pytest_django import DjangoAssertNumQueries

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.tables import everything
from tests.support.verbs import states, trail
from workflows.models import Task, WorkflowRun
from workflows.runs.transitions import BATCH, transition_tasks


def tasks_of(run: WorkflowRun) -> list[Task]:
    return list(Task.objects.filter(run=run).order_by("position"))


def unmet(run: WorkflowRun) -> list[int]:
    return [task.unmet_count for task in tasks_of(run)]


def test_transition_of_a_set_leaves_one_event_for_each_task(runs: DrawRun) -> None:
    run = runs("a, b, c")
    both = tasks_of(run)[:2]
    transition_tasks(
        run,
        both,
        Task.dispatch,
        by=who("ada"),
        payloads={both[1].pk: {"x": 1}},
        note="together",
    )
    assert states(run) == {"a": "dispatched", "b": "dispatched", "c": "pending"}
    assert trail(run) == ["task.dispatched a", "task.dispatched b"]
    assert [event.payload for event in run.events.order_by("-id")[:2]] == [{"x": 1}, {}]
    assert [task.note for task in tasks_of(run)] == ["together", "together", ""]
    assert [task.state for task in both] == ["dispatched", "dispatched"]
    assert (run.task_counts["pending"], run.task_counts["dispatched"]) == (1, 2)


def test_no_task_changes_if_one_is_no_longer_in_the_state_that_was_read(runs: DrawRun) -> None:
    run = runs("a, b, c")
    read = tasks_of(run)
    Task.objects.filter(pk=read[1].pk).update(state="canceled")
    before = everything()
    with pytest.raises(ConcurrentTransition), transaction.atomic():
        transition_tasks(run, read, Task.dispatch, by=who("ada"))
    assert everything() == before
    assert run.task_counts["pending"] == 3


def test_success_unblocks_only_direct_downstream_tasks(runs: DrawRun) -> None:
    run = runs("a > d, b > d, c > d, a > e")
    assert unmet(run) == [0, 3, 0, 0, 1]
    ended = [task for task in tasks_of(run) if task.step_id in {"a", "c"}]
    transition_tasks(run, ended, Task.dispatch, by=who("ada"))
    assert unmet(run) == [0, 3, 0, 0, 1]
    transition_tasks(run, ended, Task.succeed, by=who("ada"))
    assert unmet(run) == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("transition", [Task.fail, Task.cancel])
def test_failure_and_cancel_unblock_nothing(runs: DrawRun, transition: object) -> None:
    run = runs("a > b")
    transition_tasks(run, tasks_of(run)[:1], Task.dispatch, by=who("ada"))
    transition_tasks(run, tasks_of(run)[:1], transition, by=who("ada"))  # type: ignore[arg-type]
    assert unmet(run) == [0, 1]


def test_mark_success_after_cancel_unblocks_once(runs: DrawRun) -> None:
    run = runs("a > c, b > c")
    transition_tasks(run, tasks_of(run)[:1], Task.cancel, by=who("ada"))
    transition_tasks(run, tasks_of(run)[:1], Task.mark_success, by=who("ada"))
    assert unmet(run) == [0, 1, 0]


def test_transition_of_no_tasks_sends_no_statement(
    runs: DrawRun, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run = runs("a")
    with django_assert_num_queries(0):
        transition_tasks(run, [], Task.dispatch, by=who("ada"))
    assert trail(run) == []


@pytest.mark.slow
def test_more_tasks_than_one_batch_make_the_transition(runs: DrawRun) -> None:
    run = runs(", ".join(f"s{i}" for i in range(BATCH + 1)))
    transition_tasks(run, tasks_of(run), Task.dispatch, by=who("ada"))
    assert set(states(run).values()) == {"dispatched"}
    assert len(trail(run)) == BATCH + 1
    assert run.task_counts["dispatched"] == BATCH + 1
