"""Canceling a task on a Celery worker kills all its processes, also those that ignore SIGTERM."""

from collections.abc import Callable

import psutil
import pytest
from django.utils import timezone

from tests.execution.conftest import log_of
from tests.management.conftest import wait_for
from tests.runners.celery.conftest import StartWorker
from tests.runners.celery.test_workers import is_gone
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.trail import check_trail
from tests.support.verbs import attempt, dispatch_all, states, task
from workflows.execution.ending import GRACE_S
from workflows.models import TaskAttempt, WorkflowRun
from workflows.operations.runs import abort
from workflows.operations.tasks import cancel

# A shell, its child and its grandchild print their process ids, and all ignore SIGTERM.
IGNORES_SIGTERM = "trap '' TERM; echo $$; sh -c 'echo $$; sleep 300 & echo $!; wait' & wait"
PROCESSES = 3
BESIDES_S = 5
"""What everything but the grace period may take, on a busy machine."""


def printed_processes(made: TaskAttempt) -> list[psutil.Process]:
    """Wait until a command has printed the ids of its processes; return the processes."""
    wait_for(lambda: len(log_of(made).split()) == PROCESSES)
    return [psutil.Process(int(number)) for number in log_of(made).split()]


def by_task(run: WorkflowRun) -> None:
    for step_id in ("a", "b"):
        cancel(task(run, step_id).pk, by=who("ada"))


def by_run(run: WorkflowRun) -> None:
    abort(run.pk, by=who("ada"))


@pytest.mark.parametrize(("end", "kind"), [(by_task, "threads"), (by_run, "processes")])
def test_no_process_is_left_after_grace_period(
    end: Callable[[WorkflowRun], None], kind: str, runs: DrawRun, start_worker: StartWorker
) -> None:
    start_worker("--pool", kind, "-c", "2")
    run = runs("a, b", payload={"command": ["sh", "-c", IGNORES_SIGTERM]})
    dispatch_all(run)
    processes: list[psutil.Process] = []
    for step_id in ("a", "b"):
        processes += printed_processes(attempt(run, step_id))
    asked_at = timezone.now()
    end(run)
    assert states(run) == {"a": "running", "b": "running"}  # they still are
    wait_for(lambda: states(run) == {"a": "canceled", "b": "canceled"})
    assert all(map(is_gone, processes))
    took = (timezone.now() - asked_at).total_seconds()
    assert GRACE_S <= took < GRACE_S + BESIDES_S  # side by side
    check_trail(run)
