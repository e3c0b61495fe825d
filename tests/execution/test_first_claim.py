"""The attempts that a run begins with are those of the executor that it is begun for."""

from tests.execution.conftest import KEPT, Execution
from tests.support.actors import who
from tests.support.verbs import state, states, trail
from workflows.execution.executor import Executor
from workflows.models import TaskAttempt, TaskState
from workflows.operations.start import begin_if_created

ECHO = {"command": ["echo", "x"]}


@KEPT
def test_no_other_executor_finds_them_waiting(execution: Execution) -> None:
    run = execution.drawn({"a": ECHO, "b": ECHO, "c": ECHO, "d": ECHO}, "a > c, b, d")
    executor = Executor(concurrency=2, by=who("local runner"), run_id=run.pk)

    begin_if_created(run.pk, by=who("ada"), request=executor.first_claim())

    waiting = TaskAttempt.objects.waiting().filter(task__run=run, lease_expires_at=None)
    assert [attempt.task.step_id for attempt in waiting] == ["d"]
    assert [line for line in trail(run) if "running" in line] == [
        "workflow_run.running",
        "task.running a",
        "task.running b",
    ]

    executor.serve(lambda: state(run) != "success")

    assert {*states(run).values()} == {TaskState.SUCCESS}
    assert {attempt.number for attempt in TaskAttempt.objects.filter(task__run=run)} == {1}
