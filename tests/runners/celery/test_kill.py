"""A Celery worker is killed amid many tasks: each task ends in its true state."""

import os
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from runners.models import Runner
from tests.management.conftest import wait_for
from tests.runners.celery.conftest import StartWorker, Worker, messages
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.trail import check_trail
from tests.support.verbs import dispatch_all, state
from workflows.models import EventType, TaskAttempt, WorkflowRun
from workflows.operations.tasks import retry
from workflows.reports.recovery import recover_overdue

TASKS = int(os.environ.get("TASKS_OF_KILLED_WORKER", "150"))


def kill_at_work(worker: Worker, run: WorkflowRun) -> QuerySet[TaskAttempt]:
    """Kill a worker while both of its threads execute something; return what it leaves."""
    begun = run.events.filter(event_type=EventType.TASK_RUNNING, actor=f"worker {worker.name}")
    left = TaskAttempt.objects.open().filter(task__in=begun.values("task"))

    def is_at_work() -> bool:
        worker.send(signal.SIGSTOP)
        found = left.count() == 2
        worker.send(signal.SIGKILL if found else signal.SIGCONT)
        return found

    wait_for(is_at_work)
    worker.wait()
    return left


def expire_and_recover(attempts: QuerySet[TaskAttempt]) -> None:
    """Let the leases of attempts expire, and recover them unless a worker is quicker."""
    attempts.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    recover_overdue(by=who("rescue"))


def waiting(run: WorkflowRun) -> QuerySet[TaskAttempt]:
    """Return the attempts of a run that no worker has claimed."""
    found = TaskAttempt.objects.waiting().filter(task__run=run)
    # By columns of its own, which an update compares again: one that is claimed meanwhile is not
    # among them any more.
    return TaskAttempt.objects.waiting().filter(pk__in=list(found.values_list("pk", flat=True)))


def wait_until_failed(run: WorkflowRun, left: QuerySet[TaskAttempt], pool: Runner) -> None:
    """Let the other worker finish, and recover what the killed one left, until the run failed."""
    wait_for(lambda: not messages(pool))
    expire_and_recover(left)

    def has_failed() -> bool:
        # What the killed worker had received and not claimed is in no queue any more.
        expire_and_recover(waiting(run))
        return state(run) == "failed"

    wait_for(has_failed)


def retry_lost(run: WorkflowRun) -> None:
    """Retry each lost task, and wait for the end of the run."""
    for event in run.events.filter(event_type=EventType.TASK_LOST):
        assert event.task_id
        retry(event.task_id, by=who("ada"))
    wait_for(lambda: state(run) == "success")


def check_executed_once(run: WorkflowRun, marks: Path, killed: int) -> None:
    """Check that no attempt was executed twice, and that each success was executed."""
    executed = Counter(marks.read_text().split())
    assert set(executed.values()) == {1}, "an attempt was executed twice"
    successes = TaskAttempt.objects.filter(task__run=run, outcome="success")
    assert {str(pk) for pk in successes.values_list("pk", flat=True)} <= executed.keys()
    assert len(executed) <= TASKS + killed


@pytest.mark.timeout(600)
def test_killing_worker_amid_many_tasks_keeps_states_correct(
    runs: DrawRun, pool: Runner, start_worker: StartWorker, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    mark = ["sh", "-c", 'echo $ORCHESTRATOR_ATTEMPT_ID >> "$0"; sleep 0.02', str(marks)]
    names = [f"s{n}" for n in range(TASKS)]
    run = runs(", ".join(names), auto_dispatch=True, payload={"command": mark})
    victim = start_worker("-c", "2")
    start_worker("-c", "2")
    dispatch_all(run)
    wait_for(lambda: run.tasks.filter(state="success").count() > TASKS / 3)

    left = kill_at_work(victim, run)
    killed = list(left.values_list("pk", flat=True))
    wait_until_failed(run, left, pool)

    lost = run.events.filter(event_type=EventType.TASK_LOST)
    # Of two ends, one may have been on its way to the database when the worker was killed.
    killed = [pk for pk in killed if TaskAttempt.objects.get(pk=pk).outcome != "success"]
    assert killed
    assert {UUID(event.payload["attempt_id"]) for event in lost} == set(killed)
    check_trail(run)

    retry_lost(run)
    check_trail(run)
    check_executed_once(run, marks, len(killed))
