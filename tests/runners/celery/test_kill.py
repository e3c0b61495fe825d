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


def settle(attempts: QuerySet[TaskAttempt]) -> None:
    """Let the leases of attempts end, and settle what is overdue, if no worker is quicker."""
    attempts.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    recover_overdue(by=who("rescue"))


@pytest.mark.timeout(600)
def test_killing_worker_amid_many_tasks_keeps_states_correct(
    runs: DrawRun, pool: Runner, start_worker: StartWorker, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    mark = ["sh", "-c", 'echo $ORCHESTRATOR_ATTEMPT_ID >> "$0"; sleep 0.02', str(marks)]
    names = [f"s{n}" for n in range(TASKS)]
    run = runs(", ".join(names), auto_dispatch=True, payload={"command": mark})
    ended = run.tasks.filter(state="success")
    doomed = start_worker("-c", "2")
    start_worker("-c", "2")
    dispatch_all(run)
    wait_for(lambda: ended.count() > TASKS / 3)
    left = kill_at_work(doomed, run)
    killed = list(left.values_list("pk", flat=True))
    wait_for(lambda: not messages(pool))  # the other worker goes on
    settle(left)
    # What the dead one had been sent and had not claimed is in no queue any more.
    forgotten = TaskAttempt.objects.waiting().filter(task__run=run)

    def is_over() -> bool:
        settle(forgotten)
        return state(run) == "failed"

    wait_for(is_over)
    lost = run.events.filter(event_type=EventType.TASK_LOST)
    # Of two ends, one may have been on its way to the database when the worker was killed.
    killed = [pk for pk in killed if TaskAttempt.objects.get(pk=pk).outcome != "success"]
    assert killed
    assert {UUID(event.payload["attempt_id"]) for event in lost} == set(killed)
    check_trail(run)

    for event in lost:
        assert event.task_id
        retry(event.task_id, by=who("ada"))
    wait_for(lambda: state(run) == "success")
    check_trail(run)
    done = Counter(marks.read_text().split())
    assert set(done.values()) == {1}, "an attempt was executed twice"
    well = TaskAttempt.objects.filter(task__run=run, outcome="success")
    assert {str(pk) for pk in well.values_list("pk", flat=True)} <= done.keys()
    assert len(done.keys()) <= TASKS + len(killed)
