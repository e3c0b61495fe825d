"""A preview lists what else an operation would do, and is right; it writes nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import RunFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, start, states, task, trail, walk
from workflows import operations
from workflows.models import Approval, Task, WorkflowRun
from workflows.operations import preview
from workflows.operations.holds import hold
from workflows.operations.preview import Effect
from workflows.operations.tasks import cancel, mark_success, retry, retry_downstream


def described(found: list[Effect]) -> list[str]:
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


def test_preview_of_retry_lists_tasks_that_can_run_and_tasks_that_stay_blocked(
    broken: WorkflowRun,
) -> None:
    assert described(preview.preview_retry([task(broken, "a")])) == [
        "3 tasks can run once that succeeds: b c d",
        "1 task stays blocked by another: end",
    ]


def test_preview_of_mark_success_lists_what_becomes_ready(broken: WorkflowRun) -> None:
    found = described(preview.preview_mark_success([task(broken, "a")]))

    assert found == [
        "2 tasks become ready at once: b d",
        "1 task can run after that: c",
        "1 task stays blocked by another: end",
    ]
    mark_success(task(broken, "a").pk, by=who("test"), reason="by hand")
    ready = Task.objects.ready().filter(run=broken)
    assert [str(each) for each in ready] == ["b", "d"]


def test_preview_of_two_retries_frees_what_waits_for_both(broken: WorkflowRun) -> None:
    both = [task(broken, "a"), task(broken, "x")]

    assert described(preview.preview_retry(both)) == [
        "4 tasks can run once that succeeds: b c end d"
    ]


def test_preview_does_not_call_held_task_ready(runs: DrawRun) -> None:
    run = runs("a > b")
    hold(task(run, "b").pk, by=who("test"))
    dispatch_all(run)
    finish(run, "a", "failed")

    found = described(preview.preview_mark_success([task(run, "a")]))

    assert found == ["1 task can run after that: b"]


def test_preview_of_cancel_lists_what_can_never_run(runs: DrawRun) -> None:
    run = runs("a > b > c, x > c")
    dispatch_all(run)
    start(run, "a")

    assert described(preview.preview_cancel([task(run, "a")])) == [
        "1 task is with its runner, and asked to end: a",
        "2 tasks that wait can never run then: b c",
    ]
    assert described(preview.preview_cancel([task(run, "b"), task(run, "x")])) == [
        "1 task is with its runner, and asked to end: x",
        "1 task that waits can never run then: c",
    ]


def test_preview_leaves_out_what_was_blocked_before(broken: WorkflowRun) -> None:
    assert preview.preview_cancel([task(broken, "c")]) == []
    assert preview.preview_hold([task(broken, "b")]) == []


def test_preview_of_hold_lists_what_waits_too(runs: DrawRun) -> None:
    run = runs("a > b > c, d")

    assert described(preview.preview_hold([task(run, "a")])) == [
        "2 tasks wait until then, too: b c"
    ]
    assert preview.preview_hold([task(run, "d")]) == []


def test_preview_of_approval_lists_what_becomes_ready(runs: DrawRun) -> None:
    run = runs("a > b", requires_approval=True)
    first, second = Approval.objects.order_by("pk").select_related("task")

    assert described(preview.preview_approve([first, second])) == [
        "1 task becomes ready at once: a"
    ]
    assert described(preview.preview_reject([first])) == ["1 task that waits can never run then: b"]
    operations.approve(first.pk, by=who("test"))
    assert [str(each) for each in Task.objects.ready().filter(run=run)] == ["a"]


def test_preview_of_retry_downstream_lists_what_is_then_reset(runs: DrawRun) -> None:
    run = runs("a > b > c, x")
    walk(run, "a", "b")
    dispatch_all(run)
    finish(run, "c", "failed")

    found = preview.preview_retry_downstream([task(run, "a")])

    assert described(found) == ["2 tasks that ended after it are reset, too: b c"]
    reset = retry_downstream(task(run, "a").pk, by=who("test"))
    assert [str(each) for each in reset.tasks[1:]] == [str(each) for each in found[0].tasks]


def test_preview_of_pause_and_abort_counts_tasks(runs: DrawRun) -> None:
    run = runs("a, b > c > d")
    dispatch_all(run)
    run.refresh_from_db()

    assert [each.sentence for each in preview.preview_pause([run])] == [
        "2 tasks are active and continue",
        "2 tasks wait until the run is resumed",
    ]
    assert [each.sentence for each in preview.preview_abort([run])] == [
        "2 tasks have not started and are canceled",
        "2 tasks are active and asked to end",
    ]


def test_preview_writes_nothing(broken: WorkflowRun) -> None:
    before = trail(broken), states(broken)

    for preview_of in (
        preview.preview_retry,
        preview.preview_mark_success,
        preview.preview_retry_downstream,
    ):
        preview_of([task(broken, "a")])
    preview.preview_cancel_rest([broken])

    assert (trail(broken), states(broken)) == before


@pytest.mark.parametrize(
    "preview_of",
    [
        preview.preview_retry,
        preview.preview_mark_success,
        preview.preview_cancel,
        preview.preview_hold,
        preview.preview_retry_downstream,
    ],
)
def test_preview_of_large_run_takes_as_many_statements_as_of_small_run(
    db: None, preview_of: object
) -> None:
    counts = []
    for size in (2, 60):
        run = RunFactory.create(template__drawing=", ".join(f"a > s{n} > end" for n in range(size)))
        cancel(task(run, "a").pk, by=who("test"))
        tasks = list(Task.objects.filter(run=run))
        with CaptureQueriesContext(connection) as statements:
            preview_of(tasks)  # type: ignore[operator]
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 5


def test_preview_of_more_than_most_runs_is_empty(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "MOST_RUNS", 1)
    one, two = runs("a > b"), runs("a > b")
    tasks = [task(one, "a"), task(two, "a")]

    assert preview.preview_hold(tasks) == []
    assert described(preview.preview_hold(tasks[:1])) == ["1 task waits until then, too: b"]


def test_preview_of_task_outside_any_run_is_empty(db: None) -> None:
    alone = Task.objects.create(title="alone")
    cancel(alone.pk, by=who("test"))
    alone.refresh_from_db()

    assert preview.preview_retry([alone]) == []
    assert preview.preview_retry_downstream([alone]) == []
    retry(alone.pk, by=who("test"))
