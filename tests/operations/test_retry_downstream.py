"""Retry with downstream: what it resets, what it leaves, when it is refused."""

import pytest

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.tables import everything
from tests.support.verbs import (
    attempt,
    dispatch,
    dispatch_all,
    finish,
    start,
    state,
    states,
    task,
    trail,
    walk,
)
from workflows.errors import Conflict, NotFound
from workflows.models import Task, WorkflowRun
from workflows.operations.runs import abort
from workflows.operations.tasks import cancel, mark_success, retry_downstream

#   ┌─ b ─ d
# a         └─ e        other
#   └─ c ───┘
DRAWING = "a > b > d > e, a > c > e, other"


def ended(runs: DrawRun) -> WorkflowRun:
    run = runs(DRAWING)
    while sent := dispatch_all(run):
        for step_id in sent:
            finish(run, step_id)
    assert state(run) == "success"
    return run


def unmet(run: WorkflowRun) -> dict[str | None, int]:
    return dict(Task.objects.filter(run=run).values_list("step_id", "unmet_count"))


def test_succeeded_task_is_reset_with_all_that_followed(runs: DrawRun) -> None:
    run = ended(runs)
    before = len(trail(run))
    reset = retry_downstream(task(run, "b").pk, by=who("ada"), reason="bad input")
    assert [each.step_id for each in reset.tasks] == ["b", "d", "e"]
    assert states(run) == {
        "a": "success", "b": "pending", "d": "pending", "e": "pending", "c": "success",
        "other": "success",
    }  # fmt: skip
    assert unmet(run) == {"a": 0, "b": 0, "d": 1, "e": 1, "c": 0, "other": 0}
    assert trail(run)[before:] == [
        "task.retried b",
        "task.retried d",
        "task.retried e",
        "workflow_run.running",
    ]
    events = list(run.events.order_by("id"))[-4:]
    assert {(event.actor, event.reason) for event in events} == {("ada", "bad input")}
    assert [event.payload.get("downstream_of") for event in events[:3]] == [
        None,
        task(run, "b").pk,
        task(run, "b").pk,
    ]


def test_run_ends_again_and_keeps_earlier_attempts(runs: DrawRun) -> None:
    run = ended(runs)
    retry_downstream(task(run, "b").pk, by=who("ada"))
    walk(run, "b", "d", "e")
    assert state(run) == "success"
    numbers = task(run, "e").attempts.order_by("number").values_list("number", "outcome")
    assert list(numbers) == [(1, "success"), (2, "success")]
    assert task(run, "c").attempts.count() == 1


def test_dry_run_lists_same_tasks_and_writes_nothing(runs: DrawRun) -> None:
    run = ended(runs)
    before = everything()
    listed = retry_downstream(task(run, "a").pk, by=who("ada"), dry_run=True)
    assert everything() == before
    assert list(listed.states) == ["success"] * 5
    done = retry_downstream(task(run, "a").pk, by=who("ada"))
    assert [each.pk for each in done.tasks] == [each.pk for each in listed.tasks]


def test_pending_task_downstream_waits_again(runs: DrawRun) -> None:
    run = runs(DRAWING)
    walk(run, "a", "b")
    assert unmet(run)["d"] == 0
    retry_downstream(task(run, "b").pk, by=who("ada"))
    assert unmet(run)["d"] == 1
    assert states(run)["d"] == "pending"


def test_failed_run_continues_after_retry_downstream(runs: DrawRun) -> None:
    run = runs("a > b > c")
    walk(run, "a")
    dispatch(run)
    finish(run, "b", "failed")
    assert state(run) == "failed"
    retry_downstream(task(run, "a").pk, by=who("ada"))
    assert states(run) == {"a": "pending", "b": "pending", "c": "pending"}
    assert state(run) == "running"
    walk(run, "a", "b", "c")
    assert state(run) == "success"


def test_reset_clears_mark_success(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    finish(run, "a", "failed")
    mark_success(task(run, "a").pk, by=who("ada"), reason="by hand")
    walk(run, "b")
    retry_downstream(task(run, "a").pk, by=who("ada"))
    assert not task(run, "a").is_marked_success
    assert "task.marked_success a" in trail(run)


def test_result_of_earlier_attempt_is_not_used_after_reset(runs: DrawRun) -> None:
    run = runs("a > b")
    payload = {"python": "noop", "kwargs": {"x": "{{ tasks.a.result }}"}}
    Task.objects.filter(run=run, step_id="b").update(payload=payload)
    dispatch(run)
    finish(run, "a", result=1)
    retry_downstream(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a", "failed")
    mark_success(task(run, "a").pk, by=who("ada"), reason="by hand")
    dispatch(run)
    assert "step 'a' has left nothing" in attempt(run, "b").message


def test_reset_task_of_auto_dispatch_run_is_dispatched_at_once(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    finish(run, "a")
    finish(run, "b")
    retry_downstream(task(run, "a").pk, by=who("ada"))
    assert states(run) == {"a": "dispatched", "b": "pending"}


@pytest.mark.parametrize("active", ["dispatched", "running"])
def test_retry_downstream_is_refused_while_task_after_it_is_active(
    runs: DrawRun, active: str
) -> None:
    run = runs("a > b > c")
    walk(run, "a")
    dispatch(run)
    if active == "running":
        start(run, "b")
    before = everything()
    with pytest.raises(Conflict, match=f"\\(b\\) is {active}; cancel it first"):
        retry_downstream(task(run, "a").pk, by=who("ada"))
    assert everything() == before


def test_retry_downstream_of_pending_task_is_refused(runs: DrawRun) -> None:
    run = runs("a > b")
    with pytest.raises(Conflict, match="is pending"):
        retry_downstream(task(run, "a").pk, by=who("ada"))


def test_retry_downstream_in_aborted_run_is_refused(runs: DrawRun) -> None:
    run = runs("a > b")
    walk(run, "a")
    abort(run.pk, by=who("test"))
    with pytest.raises(Conflict, match="is aborted"):
        retry_downstream(task(run, "a").pk, by=who("ada"))


def test_retry_downstream_of_unknown_task_is_not_found(db: None) -> None:
    with pytest.raises(NotFound):
        retry_downstream(1, by=who("ada"))


def test_canceled_task_downstream_is_reset_too(runs: DrawRun) -> None:
    run = runs("a > b")
    walk(run, "a")
    cancel(task(run, "b").pk, by=who("test"))
    retry_downstream(task(run, "a").pk, by=who("ada"))
    assert states(run) == {"a": "pending", "b": "pending"}
    assert run.task_counts | {"pending": 2} == WorkflowRun.objects.get(pk=run.pk).task_counts


def test_retry_downstream_in_large_run_takes_as_many_statements(
    runs: DrawRun, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for width in (2, 40):
        run = runs(", ".join(f"a > b{n} > c" for n in range(width)))
        while sent := dispatch_all(run):
            for step_id in sent:
                finish(run, step_id)
        with django_assert_max_num_queries(16):  # type: ignore[operator]
            retry_downstream(task(run, "a").pk, by=who("ada"))
