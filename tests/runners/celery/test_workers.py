"""Workers execute what the site dispatches, whatever their pool."""

import signal
from collections import Counter
from datetime import timedelta

import psutil
import pytest
from django.utils import timezone

from tests.execution.conftest import log_of
from tests.management.conftest import wait_for
from tests.runners.celery.conftest import StartWorker, to_end
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, state, states, task, trail
from workflows.models import Event, EventType, Task, TaskAttempt, WorkflowRun
from workflows.operations.tasks import cancel, retry
from workflows.reports.recovery import recover_overdue

NOOP = {"python": "noop"}
SLEEP = {"command": ["sh", "-c", "echo $$; exec sleep 300"]}


def process_of(run: WorkflowRun, step_id: str) -> psutil.Process:
    """Wait until a sleeping command has printed its process id; return the process."""
    wait_for(lambda: log_of(attempt(run, step_id)))
    return psutil.Process(int(log_of(attempt(run, step_id))))


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


# Celery takes "prefork" for its default, and then the pool that the app names: threads.
@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_worker_executes_run_to_its_end(
    kind: str, runs: DrawRun, start_worker: StartWorker
) -> None:
    #   ┌─ b ─┐
    # a         d
    #   └─ c ─┘
    worker = start_worker("--pool", kind, "-c", "2")
    say = {"command": ["sh", "-c", "echo $ORCHESTRATOR_TASK_ID"]}
    run = runs("a > b > d, a > c > d", auto_dispatch=True, payload=say)
    assert to_end(run) == "success"
    assert set(states(run).values()) == {"success"}
    assert log_of(attempt(run, "d")) == f"{task(run, 'd').pk}\n"
    steps = [line.split()[-1] for line in trail(run) if line.startswith("task.running")]
    assert (steps[0], sorted(steps[1:3]), steps[3:]) == ("a", ["b", "c"], ["d"])
    actors = run.events.filter(event_type=EventType.TASK_SUCCEEDED).values_list("actor", flat=True)
    assert {actor.split("@")[-1] for actor in actors} == {"test"}
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0


def test_time_limits_of_the_worker_end_no_attempt(runs: DrawRun, start_worker: StartWorker) -> None:
    limits = ("--soft-time-limit", "1", "--time-limit", "2")
    start_worker("--pool", "processes", "-c", "1", *limits)
    run = runs("a", auto_dispatch=True, payload={"command": ["sleep", "3"]})
    assert to_end(run) == "success"


def test_two_workers_start_each_task_once(runs: DrawRun, start_worker: StartWorker) -> None:
    for _ in range(2):
        start_worker("-c", "2")
    names = [f"s{n}" for n in range(100)]
    run = runs(", ".join(names), auto_dispatch=True, payload=NOOP)
    assert to_end(run) == "success"
    counts = Counter(Event.objects.filter(run=run).values_list("event_type", "task__step_id"))
    for kind in (EventType.TASK_DISPATCHED, EventType.TASK_RUNNING, EventType.TASK_SUCCEEDED):
        assert [counts[kind, name] for name in names] == [1] * 100
    starts = Event.objects.filter(run=run, event_type=EventType.TASK_RUNNING)
    assert starts.values("actor").distinct().count() == 2


def test_attempt_of_killed_worker_is_lost_and_can_be_retried(
    runs: DrawRun, start_worker: StartWorker
) -> None:
    workers = {f"worker {worker.name}": worker for worker in (start_worker(), start_worker())}
    run = runs("a > b", auto_dispatch=True, payload=NOOP)
    Task.objects.filter(run=run, step_id="a").update(payload=SLEEP)
    dispatch_all(run)
    process = process_of(run, "a")
    started = run.events.get(event_type=EventType.TASK_RUNNING)
    workers[started.actor].send(signal.SIGKILL)
    wait_for(lambda: is_gone(process))
    assert not recover_overdue(by=who("rescue"))
    past = timezone.now() - timedelta(seconds=1)
    TaskAttempt.objects.filter(task__run=run).update(lease_expires_at=past)
    assert recover_overdue(by=who("rescue")) == {"lost": 1}
    assert states(run) == {"a": "failed", "b": "pending"}
    assert trail(run)[-3:] == ["task.lost a", "workflow_run.failed", "workflow_run.deadlocked"]

    Task.objects.filter(run=run, step_id="a").update(payload=NOOP)
    retry(task(run, "a").pk, by=who("ada"))
    wait_for(lambda: state(run) == "success")
    assert trail(run).count("task.running a") == 2
    assert run.events.filter(event_type=EventType.TASK_SUCCEEDED).count() == 2


def test_canceling_task_kills_command_on_worker(runs: DrawRun, start_worker: StartWorker) -> None:
    worker = start_worker("-c", "1")
    run = runs("a, b", auto_dispatch=True, payload=SLEEP)
    dispatch_all(run)
    process = process_of(run, "a")
    # No worker has claimed b: it is canceled at once; a is canceled once its worker has ended it.
    assert cancel(task(run, "b").pk, by=who("ada")).state == "canceled"
    assert cancel(task(run, "a").pk, by=who("ada")).state == "running"
    wait_for(lambda: state(run) == "failed")
    assert states(run) == {"a": "canceled", "b": "canceled"}
    assert is_gone(process)
    assert trail(run).count("task.running b") == 0
    # A worker that is asked to stop lets what it executes finish.
    again = runs("c", auto_dispatch=True, payload={"command": ["sh", "-c", "echo $$; sleep 2"]})
    dispatch_all(again)
    process_of(again, "c")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert states(again) == {"c": "success"}
