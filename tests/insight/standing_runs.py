"""Makes runs that stand still, each in a way of its own."""

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
        # It waits for a person once nothing else is waited for, whenever it was asked.
        upstream = task(run, name).dependencies.exists()
        asked_at = NOON - timedelta(hours=2) if upstream else NOON
        Approval.objects.filter(task=task(run, name)).update(created_at=asked_at)
        dispatch_all(run)
        for each in run.tasks.filter(state="dispatched"):
            finish(run, str(each.step_id), "failed" if each.step_id in failed else "success")
        run.tasks.exclude(finished_at=None).update(finished_at=NOON)
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


def canceled(runs: DrawRun) -> WorkflowRun:
    """Return a run of which nothing is left to do, nor has anything failed."""
    run = runs("a, b, c, d, e")
    for each in run.tasks.all():
        operations.cancel(each.pk, by=ADA, reason="not today")
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


def overdue(runs: DrawRun) -> WorkflowRun:
    """Return a run whose task was being executed when its executor died, and nobody looks."""
    run = runs("a > b")
    dispatch_all(run)
    start(run, "a")
    TaskAttempt.objects.update(lease_expires_at=NOON)
    return run


def asked_to_end(runs: DrawRun) -> WorkflowRun:
    """Return a run whose task was to be ended by a runner that does not answer."""
    run = runs("a > b")
    dispatch_all(run)
    start(run, "a")
    operations.cancel(task(run, "a").pk, by=ADA)
    run.tasks.filter(step_id="a").update(cancel_requested_at=NOON)
    return run


def aborted_and_open(runs: DrawRun) -> WorkflowRun:
    """Return an aborted run, one task of which its runner has not ended yet."""
    run = runs("a > b")
    dispatch_all(run)
    start(run, "a")
    operations.abort(run.pk, by=ADA, reason="wrong day")
    run.events.filter(event_type="workflow_run.aborted").update(created_at=NOON)
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


def enabled_again(runs: DrawRun) -> WorkflowRun:
    """Return a run with auto-dispatch whose runner refused for a while, and takes tasks again."""
    run = drawn("a > b")(runs)
    WorkflowRun.objects.filter(pk=run.pk).update(auto_dispatch=True)
    run.refresh_from_db()
    return run
