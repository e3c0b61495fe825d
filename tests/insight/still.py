"""Every state in which a run stands still: how to make one, and the sentence on it."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import ask_for_approval, dispatch_all, finish, start, task
from workflows import operations, presence
from workflows.models import Approval, TaskAttempt, WorkflowRun

Make = Callable[[DrawRun], WorkflowRun]
ADA = who("ada")
NOON = timezone.now().replace(year=2026, month=1, day=31, hour=12, minute=5)
RETRY = "Retry or mark success."


def drawn(drawing: str, *failed: str) -> Make:
    """Return how to make a run whose first tasks were dispatched; some failed, others succeeded."""

    def make(runs: DrawRun) -> WorkflowRun:
        run = runs(drawing)
        dispatch_all(run)
        for each in run.tasks.filter(state="dispatched"):
            ended = "failed" if each.step_id in failed else "success"
            finish(run, str(each.step_id), ended, message="exit code 3" if failed else "")
        return run

    return make


def waiting(drawing: str, name: str, *failed: str) -> Make:
    """Return how to make a run in which a task asks for an approval."""

    def make(runs: DrawRun) -> WorkflowRun:
        run = runs(drawing)
        ask_for_approval(run, name)
        Approval.objects.filter(task=task(run, name)).update(created_at=NOON)
        dispatch_all(run)
        for each in run.tasks.filter(state="dispatched"):
            finish(run, str(each.step_id), "failed" if each.step_id in failed else "success")
        return run

    return make


def held(runs: DrawRun) -> WorkflowRun:
    """Return a run whose task is on hold."""
    run = runs("a")
    until = timezone.now() + timedelta(days=3)
    operations.hold(task(run, "a").pk, by=ADA, reason="disk is full", resume_at=until)
    run.tasks.update(resume_at=NOON)
    return run


def paused(runs: DrawRun) -> WorkflowRun:
    """Return a paused run."""
    run = runs("a")
    operations.pause(run.pk, by=ADA, reason="release day")
    run.events.filter(event_type="workflow_run.paused").update(created_at=NOON)
    return run


def paused_and_blocked(runs: DrawRun) -> WorkflowRun:
    """Return a paused run in which a task goes on, and others wait for a failed one."""
    run = runs("a > b, c > d, e")
    operations.dispatch_ready(run.pk, limit=2, by=ADA)
    operations.pause(run.pk, by=ADA, reason="release day")
    run.events.filter(event_type="workflow_run.paused").update(created_at=NOON)
    start(run, "c")
    finish(run, "a", "failed", message="exit code 3")
    return run


def canceled_and_waiting(runs: DrawRun) -> WorkflowRun:
    """Return a running run in which nothing failed: one branch was canceled, one waits."""
    run = waiting("a > b > c, d > e", "d")(runs)
    operations.cancel(task(run, "b").pk, by=ADA, reason="not today")
    return run


def late(runs: DrawRun) -> WorkflowRun:
    """Return a run with auto-dispatch that nobody has begun within a day."""
    run = runs("a", auto_dispatch=True)
    WorkflowRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(days=2))
    return run


def aborted(runs: DrawRun) -> WorkflowRun:
    """Return an aborted run."""
    run = runs("a")
    operations.abort(run.pk, by=ADA, reason="wrong day")
    run.events.filter(event_type="workflow_run.aborted").update(created_at=NOON)
    return run


def with_runner(**columns: object) -> Make:
    """Return how to make a run whose default runner is changed, and half of which was done."""

    def make(runs: DrawRun) -> WorkflowRun:
        run = runs("a > b")
        dispatch_all(run)
        finish(run, "a")
        Runner.objects.update(**columns)
        return run

    return make


def full(runs: DrawRun) -> WorkflowRun:
    """Return a run whose runner has no place."""
    run = with_runner(capacity=1)(runs)
    dispatch_all(runs("z"))
    return run


def full_alone(runs: DrawRun) -> WorkflowRun:
    """Return a run with auto-dispatch whose runner has no place."""
    run = full(runs)
    WorkflowRun.objects.filter(pk=run.pk).update(auto_dispatch=True)
    return run


def failed_and_canceled(runs: DrawRun) -> WorkflowRun:
    """Return a run in which three tasks failed, and two were canceled."""
    run = runs("a, b, c, d, e")
    for name in "de":
        operations.cancel(task(run, name).pk, by=ADA)
    dispatch_all(run)
    for name in "abc":
        finish(run, name, "failed", message="ValueError:\n  no rows.\n")
    return run


def unserved(runs: DrawRun) -> WorkflowRun:
    """Return a run whose attempt no process takes."""
    run = runs("a")
    dispatch_all(run)
    TaskAttempt.objects.update(dispatched_at=NOON)
    return run


def silent(runs: DrawRun) -> WorkflowRun:
    """Return a run whose runner is served and starts nothing."""
    presence.seen(kind="local runner", serves=["local"])
    return unserved(runs)


def aside(runs: DrawRun) -> WorkflowRun:
    """Return a run that is set aside."""
    run = runs("a")
    WorkflowRun.objects.filter(pk=run.pk).update(set_aside="its rows are damaged")
    return run


STILL: dict[str, tuple[Make, str]] = {
    "created": (
        lambda runs: runs("a"),
        "Nothing has been dispatched yet: dispatch the ready tasks to begin.",
    ),
    "created, begins alone": (
        lambda runs: runs("a", auto_dispatch=True),
        (
            "Nothing has been dispatched yet: the run begins by itself. If it has not within a "
            "minute, dispatch the ready tasks, and see that manage.py local_runner or manage.py "
            "tick is running."
        ),
    ),
    "created long ago": (
        late,
        "Nothing has been dispatched yet: dispatch the ready tasks to begin.",
    ),
    "created, waiting": (
        waiting("a", "a"),
        (
            "Nothing has been dispatched yet; `a` waits for approval since 2026-01-31 12:05 UTC. "
            "Approve or reject it."
        ),
    ),
    "nobody dispatches": (
        drawn("a > b"),
        (
            "No task is with a runner: `b` is ready and waits to be dispatched. "
            "Dispatch the ready tasks."
        ),
    ),
    "approval": (
        waiting("a > b", "b"),
        "`b` waits for approval since 2026-01-31 12:05 UTC. Approve or reject it.",
    ),
    "hold": (
        held,
        (
            "Nothing has been dispatched yet; "
            "`a` is on hold until 2026-01-31 12:05 UTC (disk is full). Release it."
        ),
    ),
    "disabled": (
        with_runner(is_enabled=False),
        "`b` is ready, but runner refused: local is disabled. Enable the runner.",
    ),
    "no default runner": (
        with_runner(is_default=False),
        (
            "`b` is ready, but runner refused: there is no default runner. "
            "Make a runner the default one."
        ),
    ),
    "full": (
        full,
        (
            "`b` is ready, but runner is full: local has 1 at a time. "
            "Dispatch again once one has ended."
        ),
    ),
    "full, with auto-dispatch": (
        full_alone,
        (
            "`b` is ready, but runner is full: local has 1 at a time. "
            "It is dispatched by itself once one has ended."
        ),
    ),
    "nobody serves": (
        unserved,
        (
            "1 task is with a runner; `a` waits since 2026-01-31 12:05 UTC for local, "
            "which no process serves. Is manage.py local_runner running?"
        ),
    ),
    "silent": (
        silent,
        (
            "1 task is with a runner; local is silent: it has not started `a` since "
            "2026-01-31 12:05 UTC. Is manage.py local_runner running?"
        ),
    ),
    "paused": (
        paused,
        (
            "The run is paused by ada since 2026-01-31 12:05 UTC (release day): "
            "nothing is dispatched until it is resumed."
        ),
    ),
    "paused and blocked": (
        paused_and_blocked,
        (
            "The run is paused by ada since 2026-01-31 12:05 UTC (release day): "
            "nothing is dispatched until it is resumed; 1 task is with a runner; "
            "1 task can never run because `a` failed (exit code 3). "
            "Retry, mark success, or cancel the rest."
        ),
    ),
    "aborted": (
        aborted,
        (
            "The run was aborted by ada at 2026-01-31 12:05 UTC (wrong day): "
            "nothing will be dispatched any more."
        ),
    ),
    "last step failed": (drawn("a", "a"), f"`a` failed (exit code 3). {RETRY}"),
    "several failed": (
        drawn(", ".join("abcdefg"), *"abcdefg"),
        (
            "`a` failed (exit code 3), `b` failed (exit code 3), `c` failed (exit code 3) "
            f"and 4 more failed. {RETRY}"
        ),
    ),
    "several failed, and others were canceled": (
        failed_and_canceled,
        (
            "`a` failed (ValueError: no rows), `b` failed (ValueError: no rows), "
            f"`c` failed (ValueError: no rows) and 2 more were canceled. {RETRY}"
        ),
    ),
    "one failed and blocks, others failed": (
        drawn("a > b, " + ", ".join("vwxyz"), "a", *"vwxyz"),
        (
            "1 task can never run because `a` failed (exit code 3); 5 more failed. "
            "Retry, mark success, or cancel the rest."
        ),
    ),
    "failed and blocked": (
        drawn("a > b > c, x", "a"),
        (
            "2 tasks can never run because `a` failed (exit code 3). "
            "Retry, mark success, or cancel the rest."
        ),
    ),
    "failed, and a person decides": (
        waiting("a > b > c, d > e", "d", "a"),
        (
            "2 tasks can never run because `a` failed; "
            "`d` waits for approval since 2026-01-31 12:05 UTC. "
            "Retry, mark success, or cancel the rest. Approve or reject it."
        ),
    ),
    "canceled, and a person decides": (
        canceled_and_waiting,
        (
            "1 task can never run because `b` was canceled (not today); "
            "`d` waits for approval since 2026-01-31 12:05 UTC. "
            "Retry, mark success, or cancel the rest. Approve or reject it."
        ),
    ),
    "set aside": (
        aside,
        (
            "The run is set aside: its rows are damaged. Its rows were changed by hand or damaged: "
            "compare them by manage.py verify_run {run}, or abort the run."
        ),
    ),
    "success": (drawn("a"), "Every task has succeeded."),
}
