"""dispatch-ready of one named task: it goes out, or the answer says why not."""

import pytest

from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch, finish, states, task
from workflows import operations
from workflows.errors import Conflict, NotFound
from workflows.operations.dispatch_ready import dispatch_ready, dispatch_task

ANNA = who("anna")


def test_named_task_overtakes_what_is_ready_before_it(runs: DrawRun) -> None:
    run = runs("a, b, c")
    result = dispatch_ready(run.pk, task_id=task(run, "b").pk, by=ANNA)
    assert [each.task_id for each in result.dispatches] == [task(run, "b").pk]
    assert states(run) == {"a": "pending", "b": "dispatched", "c": "pending"}


def test_dry_run_of_one_task_writes_nothing(runs: DrawRun) -> None:
    run = runs("a, b")
    result = dispatch_ready(run.pk, task_id=task(run, "b").pk, dry_run=True, by=ANNA)
    assert [each.task_id for each in result.dispatches] == [task(run, "b").pk]
    assert states(run) == {"a": "pending", "b": "pending"}


def test_task_that_is_not_ready_is_explained_alone(runs: DrawRun) -> None:
    run = runs("a > b > c, d")
    operations.hold(task(run, "d").pk, by=ANNA)
    for name, reason in {"c": "dependencies not satisfied", "d": "on hold"}.items():
        result = dispatch_ready(run.pk, task_id=task(run, name).pk, by=ANNA)
        assert (result.reason, [each.step_id for each in result.blocked]) == (reason, [name])
    assert states(run)["a"] == "pending"


def test_task_whose_runner_is_disabled_says_so(runs: DrawRun) -> None:
    run = runs("a, b")
    Runner.objects.update(is_enabled=False)
    result = dispatch_task(task(run, "b").pk, by=ANNA)
    assert (result.reason or "").startswith("runner refused: ")
    assert [each.step_id for each in result.blocked] == ["b"]


def test_task_that_has_ended_is_named_with_its_state(runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch(run)
    finish(run, "a")
    pk = task(run, "a").pk
    assert dispatch_ready(run.pk, task_id=pk, by=ANNA).reason == f"task {pk} is success"
    with pytest.raises(Conflict, match=f"task {pk} is success"):
        dispatch_task(pk, by=ANNA)


def test_task_of_another_run_is_not_found(runs: DrawRun) -> None:
    run, other = runs("a"), runs("a")
    with pytest.raises(NotFound, match=f"task {task(other, 'a').pk} of workflow run {run.pk}"):
        dispatch_ready(run.pk, task_id=task(other, "a").pk, by=ANNA)
