"""How tasks end their run; deadlock and its root causes."""

from typing import Any

from pytest_django import DjangoAssertNumQueries

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch, dispatch_all, finish, start, state, task, trail, walk
from workflows.audit.verify import verify_run
from workflows.insight.standing import Standing
from workflows.models import WorkflowRun
from workflows.operations.holds import hold, release
from workflows.operations.runs import abort, pause, resume
from workflows.operations.tasks import cancel, retry


def deadlock(run: WorkflowRun) -> dict[str, Any] | None:
    run.refresh_from_db()
    found = Standing([run]).deadlocks.get(run.pk)
    return found.as_json() if found else None


def causes(run: WorkflowRun) -> list[str]:
    found = deadlock(run)
    return [cause["step_id"] for cause in found["root_causes"]] if found else []


def test_run_succeeds_once_every_task_has(runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch(run, limit=None)
    finish(run, "b")
    assert state(run) == "running"
    finish(run, "a")
    assert state(run) == "success"
    run.refresh_from_db()
    assert run.finished_at
    assert deadlock(run) is None


def test_run_fails_once_nothing_is_active_or_ready(runs: DrawRun) -> None:
    run = runs("a, b, c")
    dispatch(run)
    finish(run, "a", "failed")
    assert state(run) == "running"
    walk(run, "b")
    dispatch(run)
    start(run, "c")
    assert state(run) == "running"
    finish(run, "c")
    assert state(run) == "failed"
    assert trail(run)[-1] == "workflow_run.failed"


def test_failed_run_without_pending_tasks_is_not_deadlocked(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed")
    assert (state(run), deadlock(run)) == ("failed", None)
    assert "workflow_run.deadlocked" not in trail(run)


def test_deadlock_names_its_root_causes(runs: DrawRun) -> None:
    #  a ✗ ─ b ─ c
    #  d ✗ ─────┘
    #  e ✗          (nobody waits for it)
    run = runs("a > b > c, d > c, e")
    dispatch(run, limit=None)
    finish(run, "a", "failed", message="disk full")
    finish(run, "d", "canceled")
    finish(run, "e", "failed")
    found = deadlock(run)
    assert found
    assert found["blocked"] == 2
    assert [tuple(cause.values()) for cause in found["root_causes"]] == [
        (task(run, "a").pk, "a", "a", "failed", "disk full"),
        (task(run, "d").pk, "d", "d", "canceled", ""),
    ]
    last = run.events.latest("id")
    assert last.event_type == "workflow_run.deadlocked"
    assert last.payload == {
        "blocked": 2,
        "root_causes": [task(run, "a").pk, task(run, "d").pk],
    }


def test_run_with_active_task_is_not_deadlocked(runs: DrawRun) -> None:
    run = runs("a > b, c")
    dispatch(run, limit=None)
    finish(run, "a", "failed")
    assert deadlock(run) is None
    finish(run, "c")
    assert causes(run) == ["a"]


def test_run_with_ready_task_is_not_deadlocked(runs: DrawRun) -> None:
    run = runs("a > b, c")
    dispatch(run)
    finish(run, "a", "failed")
    assert deadlock(run) is None


def test_run_without_broken_task_is_not_deadlocked(runs: DrawRun) -> None:
    run = runs("a > b")
    assert deadlock(run) is None
    dispatch(run)
    assert deadlock(run) is None


def test_paused_run_can_be_deadlocked(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    pause(run.pk, by=who("ada"))
    finish(run, "a", "failed")
    assert (state(run), causes(run)) == ("paused", ["a"])


def test_paused_run_is_deadlocked_whatever_is_active_or_ready(runs: DrawRun) -> None:
    #  a (failed) ─ b ─ c
    #  d (running) ─ e
    #  f (ready)
    run = runs("a > b > c, d > e, f")
    dispatch(run, limit=2)
    start(run, "d")
    pause(run.pk, by=who("ada"))
    assert deadlock(run) is None
    finish(run, "a", "failed")
    found = deadlock(run)
    assert found
    assert (causes(run), found["blocked"]) == (["a"], 2)
    resume(run.pk, by=who("ada"))
    assert deadlock(run) is None


def draw_mixed(runs: DrawRun) -> WorkflowRun:
    #     ┌─ b ✗ ─ c ─ d
    #  a ─┤
    #     └─ e (on hold) ─ f
    run = runs("a > b > c > d, a > e > f")
    hold(task(run, "e").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a")
    dispatch(run)
    finish(run, "b", "failed")
    return run


def deadlock_events(run: WorkflowRun) -> list[dict[str, Any]]:
    found = run.events.filter(event_type="workflow_run.deadlocked").order_by("id")
    return [event.payload for event in found]


def test_run_stays_running_while_another_branch_waits_for_a_person(runs: DrawRun) -> None:
    run = draw_mixed(runs)
    assert (state(run), causes(run)) == ("running", ["b"])
    found = deadlock(run)
    assert found
    assert found["blocked"] == 2
    assert [finding.sentence for finding in verify_run(run.pk)] == []
    release(task(run, "e").pk, by=who("ada"))
    assert deadlock(run) is None
    assert dispatch_all(run) == ["e"]
    finish(run, "e")
    assert dispatch_all(run) == ["f"]
    finish(run, "f")
    assert (state(run), causes(run)) == ("failed", ["b"])
    assert [finding.sentence for finding in verify_run(run.pk)] == []


def test_deadlock_is_recorded_once_for_the_same_causes(runs: DrawRun) -> None:
    run = draw_mixed(runs)
    first = {"blocked": 2, "root_causes": [task(run, "b").pk]}
    assert deadlock_events(run) == [first]
    dispatch(run)
    cancel(task(run, "f").pk, by=who("ada"))
    assert deadlock_events(run) == [first]
    cancel(task(run, "e").pk, by=who("ada"))
    assert (state(run), deadlock_events(run)) == ("failed", [first])


def test_deadlock_is_recorded_again_after_a_retry_and_with_other_causes(runs: DrawRun) -> None:
    run = draw_mixed(runs)
    retry(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "b", "failed")
    first = {"blocked": 2, "root_causes": [task(run, "b").pk]}
    assert deadlock_events(run) == [first, first]
    cancel(task(run, "e").pk, by=who("ada"))
    both = {"blocked": 3, "root_causes": [task(run, "b").pk, task(run, "e").pk]}
    assert (state(run), deadlock_events(run)) == ("failed", [first, first, both])


def test_run_with_a_failed_leaf_and_a_hold_waits_without_deadlock(runs: DrawRun) -> None:
    run = runs("a, b")
    hold(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a", "failed")
    assert (state(run), deadlock(run)) == ("running", None)
    assert deadlock_events(run) == []
    cancel(task(run, "b").pk, by=who("ada"))
    assert state(run) == "failed"


def test_aborted_run_is_not_deadlocked(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    start(run, "a")
    abort(run.pk, by=who("ada"))
    finish(run, "a", "failed")
    assert deadlock(run) is None


def test_failure_behind_a_canceled_task_is_not_a_root_cause(runs: DrawRun) -> None:
    run = runs("a > b > c, x")
    dispatch(run)
    finish(run, "a", "failed")
    cancel(task(run, "b").pk, by=who("ada"))
    answer = dispatch(run, limit=None, dry_run=True)
    assert answer.dispatches
    walk(run, "x")
    assert causes(run) == ["b"]


def test_graph_with_millions_of_paths_is_explained_in_one_pass(runs: DrawRun) -> None:
    rails = []
    above = ["top"]
    for level in range(24):
        below = [f"l{level}", f"r{level}"]
        rails += [f"{one} > {other}" for one in above for other in below]
        above = below
    run = runs(", ".join(rails))
    dispatch(run)
    finish(run, "top", "failed")
    blocked = dispatch(run).blocked
    assert len(blocked) == 48
    assert {cause.step_id for task in blocked for cause in task.root_causes} == {"top"}


def test_failed_task_without_pending_downstream_is_not_a_root_cause(runs: DrawRun) -> None:
    run = runs("a > b, c > d")
    dispatch(run)
    finish(run, "a", "failed")
    cancel(task(run, "b").pk, by=who("ada"))
    assert dispatch_all(run) == ["c"]
    finish(run, "c", "failed")
    assert causes(run) == ["c"]


def test_deadlocks_of_many_runs_take_two_statements(
    runs: DrawRun, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    dead = [runs("a > b") for _ in range(3)]
    for run in dead:
        dispatch(run)
        finish(run, "a", "failed")
    for run in dead:
        run.refresh_from_db()
    with django_assert_num_queries(2):
        assert set(Standing(dead).deadlocks) == {run.pk for run in dead}
    with django_assert_num_queries(0):
        assert Standing([as_if_active(run) for run in dead]).deadlocks == {}


def as_if_active(run: WorkflowRun) -> WorkflowRun:
    return WorkflowRun(pk=run.pk, state="running", pending_count=3, running_count=1)
