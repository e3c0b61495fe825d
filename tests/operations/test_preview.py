"""What an operation would bring about, said before it is done."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import RunFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, start, states, task, trail, walk
from workflows import operations
from workflows.models import Approval, Task, WorkflowRun
from workflows.operations import preview as effects
from workflows.operations.holds import hold
from workflows.operations.preview import Effect
from workflows.operations.tasks import cancel, mark_success, retry, retry_downstream


def told(found: list[Effect]) -> list[str]:
    """Return effects with the names of their tasks: `2 tasks become ready at once: b c`."""
    return [": ".join([each.sentence, " ".join(map(str, each.tasks))]) for each in found]


@pytest.fixture
def broken(runs: DrawRun) -> WorkflowRun:
    """Return a run in which `a` and `x` failed."""
    #  a ─ b ─ c ─┐
    #  a ─ d      end
    #  x ─────────┘
    run = runs("a > b > c > end, a > d, x > end")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "x", "failed")
    return run


def test_a_retry_frees_what_waits_for_nothing_else_that_is_broken(broken: WorkflowRun) -> None:
    assert told(effects.preview_retry([task(broken, "a")])) == [
        "3 tasks can run once that succeeds: b c d",
        "1 task stays blocked by another: end",
    ]


def test_a_mark_success_tells_what_is_ready_at_once_and_is_right(broken: WorkflowRun) -> None:
    foreseen = told(effects.preview_mark_success([task(broken, "a")]))

    assert foreseen == [
        "2 tasks become ready at once: b d",
        "1 task can run after that: c",
        "1 task stays blocked by another: end",
    ]
    mark_success(task(broken, "a").pk, by=who("test"), reason="by hand")
    ready = Task.objects.ready().filter(run=broken)
    assert [str(each) for each in ready] == ["b", "d"]


def test_two_causes_mended_together_free_what_waits_for_both(broken: WorkflowRun) -> None:
    both = [task(broken, "a"), task(broken, "x")]

    assert told(effects.preview_retry(both)) == ["4 tasks can run once that succeeds: b c end d"]


def test_a_task_on_hold_is_not_called_ready(runs: DrawRun) -> None:
    run = runs("a > b")
    hold(task(run, "b").pk, by=who("test"))
    dispatch_all(run)
    finish(run, "a", "failed")

    found = told(effects.preview_mark_success([task(run, "a")]))

    assert found == ["1 task can run after that: b"]


def test_a_cancel_tells_what_can_never_run_then(runs: DrawRun) -> None:
    run = runs("a > b > c, x > c")
    dispatch_all(run)
    start(run, "a")

    assert told(effects.preview_cancel([task(run, "a")])) == [
        "1 task is with its runner, and asked to end: a",
        "2 tasks that wait can never run then: b c",
    ]
    assert told(effects.preview_cancel([task(run, "b"), task(run, "x")])) == [
        "1 task is with its runner, and asked to end: x",
        "1 task that waits can never run then: c",
    ]


def test_what_was_doomed_before_is_no_effect(broken: WorkflowRun) -> None:
    assert effects.preview_cancel([task(broken, "c")]) == []
    assert effects.preview_hold([task(broken, "b")]) == []


def test_a_hold_keeps_back_what_comes_after(runs: DrawRun) -> None:
    run = runs("a > b > c, d")

    assert told(effects.preview_hold([task(run, "a")])) == ["2 tasks wait until then, too: b c"]
    assert effects.preview_hold([task(run, "d")]) == []


def test_a_release_or_an_approval_makes_ready_what_waits_for_nothing_else(runs: DrawRun) -> None:
    run = runs("a > b", requires_approval=True)
    first, second = Approval.objects.order_by("pk").select_related("task")

    assert told(effects.preview_approve([first, second])) == ["1 task becomes ready at once: a"]
    assert told(effects.preview_reject([first])) == ["1 task that waits can never run then: b"]
    operations.approve(first.pk, by=who("test"))
    assert [str(each) for each in Task.objects.ready().filter(run=run)] == ["a"]


def test_a_retry_with_downstream_names_what_it_resets_and_resets_that(runs: DrawRun) -> None:
    run = runs("a > b > c, x")
    walk(run, "a", "b")
    dispatch_all(run)
    finish(run, "c", "failed")

    foreseen = effects.preview_retry_downstream([task(run, "a")])

    assert told(foreseen) == ["2 tasks that ended after it are reset, too: b c"]
    reset = retry_downstream(task(run, "a").pk, by=who("test"))
    assert [str(each) for each in reset.tasks[1:]] == [str(each) for each in foreseen[0].tasks]


def test_it_warns_of_what_is_active_downstream(runs: DrawRun) -> None:
    run = runs("a > b")
    walk(run, "a")
    dispatch_all(run)

    found = told(effects.preview_retry_downstream([task(run, "a")]))

    assert found == ["1 task is active: cancel it first: b"]


def test_pause_and_abort_count(runs: DrawRun) -> None:
    run = runs("a, b > c > d")
    dispatch_all(run)
    run.refresh_from_db()

    assert [each.sentence for each in effects.preview_pause([run])] == [
        "2 tasks are active and go on to their end",
        "2 tasks wait until the run is resumed",
    ]
    assert [each.sentence for each in effects.preview_abort([run])] == [
        "2 tasks have not started and are canceled",
        "2 tasks are active and asked to end",
    ]


def test_nothing_is_written(broken: WorkflowRun) -> None:
    before = trail(broken), states(broken)

    for foresee in (
        effects.preview_retry,
        effects.preview_mark_success,
        effects.preview_retry_downstream,
    ):
        foresee([task(broken, "a")])
    effects.preview_cancel_rest([broken])

    assert (trail(broken), states(broken)) == before


@pytest.mark.parametrize(
    "foresee",
    [
        effects.preview_retry,
        effects.preview_mark_success,
        effects.preview_cancel,
        effects.preview_hold,
        effects.preview_retry_downstream,
    ],
)
def test_a_large_run_takes_as_many_statements_as_a_small_one(db: None, foresee: object) -> None:
    counts = []
    for size in (2, 60):
        run = RunFactory.create(template__drawing=", ".join(f"a > s{n} > end" for n in range(size)))
        cancel(task(run, "a").pk, by=who("test"))
        tasks = list(Task.objects.filter(run=run))
        with CaptureQueriesContext(connection) as statements:
            foresee(tasks)  # type: ignore[operator]
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 3


def test_of_very_many_runs_nothing_is_foreseen(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "MOST_RUNS", 1)
    one, two = runs("a > b"), runs("a > b")
    tasks = [task(one, "a"), task(two, "a")]

    assert effects.preview_hold(tasks) == []
    assert told(effects.preview_hold(tasks[:1])) == ["1 task waits until then, too: b"]


def test_a_task_in_no_run_affects_no_other(db: None) -> None:
    alone = Task.objects.create(title="alone")
    cancel(alone.pk, by=who("test"))
    alone.refresh_from_db()

    assert effects.preview_retry([alone]) == []
    assert effects.preview_retry_downstream([alone]) == []
    retry(alone.pk, by=who("test"))
