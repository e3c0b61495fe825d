"""Runners of kind `local`: this machine. Their attempts wait in the database for an executor."""

from typing import Any, ClassVar

from runners.base import RunnerAddress, RunnerBackend, Submission, TaskPayload


class LocalBackend(RunnerBackend):
    """Leaves every attempt where `local_runner` and `run_workflow` look for it."""

    pulls: ClassVar[bool] = True
    claims: ClassVar[bool] = True

    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the payload with the ids beside it."""
        return {
            "task_id": str(task.task_id),
            "run_id": f"run-{task.run_id}",
            "idempotency_key": task.attempt_id,
            "title": task.title,
            "timeout_seconds": task.timeout_seconds,
            **task.payload,
        }

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """Say that the attempt is in the queue; the dispatch itself put it there."""
        return Submission(
            submitted=True,
            runner=to.name,
            runner_url=None,
            runner_task_status="queued",
            message="waits for a local runner",
        )
