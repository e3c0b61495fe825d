"""Runners of kind `local`: this machine. Their attempts wait in the database for an executor."""

from typing import Any, ClassVar

from runners.base import ExecutedBackend, RunnerAddress, Submission


class LocalBackend(ExecutedBackend):
    """Leaves every attempt where `local_runner` and `run_workflow` look for it."""

    pulls: ClassVar[bool] = True

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """Say that the attempt is in the queue; the dispatch itself put it there."""
        return Submission(
            submitted=True,
            runner=to.name,
            runner_url=None,
            runner_task_status="queued",
            message="waits for a local runner",
        )
