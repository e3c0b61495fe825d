"""Fixtures of the tests that execute for real, in real processes."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.redefined import give_payloads
from tests.support.verbs import dispatch_all
from workflows.execution.executor import Executor
from workflows.models import Task, TaskAttempt, TaskState, WorkflowRun

KEPT = pytest.mark.django_db(transaction=True)
"""For tests of what the keeper sees, whose connection sees only what is committed."""


class Execution:
    """Executes runs to their end in this process, and returns their attempts."""

    def __init__(self, draw: DrawRun) -> None:
        """Keep the function that draws runs."""
        self._draw = draw

    def run(self, payload: dict[str, Any], **step: Any) -> TaskAttempt:
        """Execute one task with this payload; return its attempt."""
        return self.steps({"step": payload}, **step)["step"]

    def steps(
        self, payloads: dict[str, dict[str, Any]], drawing: str = "", **common: Any
    ) -> dict[str, TaskAttempt]:
        """Execute tasks with these payloads; return their last attempts."""
        return self.to_end(self.drawn(payloads, drawing, **common))

    def drawn(
        self, payloads: dict[str, dict[str, Any]], drawing: str = "", **common: Any
    ) -> WorkflowRun:
        """Make a run with auto-dispatch and these payloads."""
        run = self._draw(drawing or ", ".join(payloads), auto_dispatch=True, **common)
        give_payloads(run, payloads)
        return run

    def attempt_id(self, run: WorkflowRun, step_id: str) -> UUID:
        """Dispatch a run; return the id of the attempt of a step."""
        dispatch_all(run)
        return TaskAttempt.objects.get(task__run=run, task__step_id=step_id).pk

    def to_end(
        self,
        run: WorkflowRun,
        *,
        concurrency: int = 4,
        meanwhile: Callable[[Executor], None] = lambda executor: None,
    ) -> dict[str, TaskAttempt]:
        """Dispatch, and execute until no task is active any more."""
        dispatch_all(run)
        executor = Executor(concurrency=concurrency, by=who("local runner"))

        def should_continue() -> bool:
            meanwhile(executor)
            return Task.objects.filter(
                run=run, state__in=[TaskState.DISPATCHED, TaskState.RUNNING]
            ).exists()

        executor.serve(should_continue)
        attempts = TaskAttempt.objects.filter(task__run=run).order_by("number")
        return {str(attempt.task): attempt for attempt in attempts.select_related("task")}


@pytest.fixture
def execution(runs: DrawRun) -> Execution:
    """Execute for real, on the local runner that every installation begins with."""
    return Execution(runs)


def log_of(attempt: TaskAttempt) -> str:
    """Return the stored log of an attempt."""
    return "".join(piece.text for piece in attempt.log_pieces.all())
