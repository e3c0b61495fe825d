"""Which tasks are ready, in which order, and what blocks the others."""

import pytest

from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch, dispatch_all, dispatch_some, finish, states, trail, walk
from workflows.models import WorkflowRun


def test_join_waits_for_both_arms(runs: DrawRun) -> None:
    #        ┌─ audit ─┐
    # extract           load
    #        └─ clean ─┘
    run = runs("extract > audit > load, extract > clean > load")
    assert dispatch_all(run) == ["extract"]
    finish(run, "extract")
    assert dispatch_all(run) == ["audit", "clean"]
    finish(run, "clean")
    assert dispatch(run).reason == "dependencies not satisfied"
    finish(run, "audit")
    assert dispatch_all(run) == ["load"]
    finish(run, "load")
    assert set(states(run).values()) == {"success"}
    assert trail(run)[-2:] == ["task.succeeded load", "workflow_run.succeeded"]


def test_ready_tasks_are_dispatched_in_list_order_not_alphabetically(runs: DrawRun) -> None:
    run = runs("zoo, yak, ant, 10, 9")
    assert dispatch_all(run) == ["zoo", "yak", "ant", "10", "9"]


def test_ready_tasks_are_dispatched_in_list_order_not_by_depth(runs: DrawRun) -> None:
    run = runs("root > deep > deeper, other, last")
    walk(run, "root", "deep")
    assert dispatch_all(run) == ["deeper", "other", "last"]


def test_one_call_dispatches_one_task(runs: DrawRun) -> None:
    run = runs("a, b, c")
    assert dispatch_some(run, 1) == ["a"]
    assert states(run) == {"a": "dispatched", "b": "pending", "c": "pending"}


def test_call_dispatches_no_more_than_its_limit(runs: DrawRun) -> None:
    run = runs("a, b, c")
    assert dispatch_some(run, 2) == ["a", "b"]
    assert dispatch_some(run, 2) == ["c"]


def stop_a(run: WorkflowRun, how: str) -> None:
    dispatch(run)
    if how != "dispatched":
        finish(run, "a", how)


@pytest.mark.parametrize("how", ["dispatched", "running", "failed", "canceled"])
def test_only_success_satisfies_a_dependency(runs: DrawRun, how: str) -> None:
    run = runs("a > b, c")
    stop_a(run, how)
    assert dispatch_all(run) == ["c"]
    assert states(run)["b"] == "pending"


@pytest.mark.parametrize("how", ["failed", "canceled"])
def test_failure_elsewhere_does_not_stop_live_branches(runs: DrawRun, how: str) -> None:
    run = runs("a > b > c, x > y > z")
    stop_a(run, how)
    walk(run, "x", "y", "z")
    assert states(run) == {
        "a": how, "b": "pending", "c": "pending", "x": "success", "y": "success", "z": "success"
    }  # fmt: skip


def test_dependency_is_not_satisfied_by_another_run(runs: DrawRun) -> None:
    run, other = runs("a > b"), runs("a > b")
    walk(other, "a")
    assert dispatch_all(run) == ["a"]
    assert dispatch(run).reason == "dependencies not satisfied"


def test_blocked_tasks_name_root_causes_not_direct_parents(runs: DrawRun) -> None:
    run = runs("a > b > c > d, x > d, y > z")
    dispatch_and_fail(run, "a")
    walk(run, "x", "y", "z")
    answer = dispatch(run)
    assert answer.reason == "dependencies not satisfied"
    assert [(b.step_id, [cause.step_id for cause in b.root_causes]) for b in answer.blocked] == [
        ("b", ["a"]),
        ("c", ["a"]),
        ("d", ["a"]),
    ]
    assert answer.blocked[0].root_causes[0].status == "failed"


def dispatch_and_fail(run: WorkflowRun, step_id: str) -> None:
    assert dispatch_some(run, 1) == [step_id]
    finish(run, step_id, "failed")


def test_task_that_waits_for_an_active_task_has_no_root_cause(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    assert dispatch(run).blocked[0].root_causes == ()
