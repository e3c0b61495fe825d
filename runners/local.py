"""Runners of kind `local`: this machine. Their attempts wait in the database for an executor."""

from typing import Any

from runners.base import ExecutedBackend, RunnerAddress, Submission

KIND = "local"
"""Its name in RUNNER_BACKENDS: the kind of the runner that each installation begins with."""


class LocalBackend(ExecutedBackend):
    """Leaves each attempt in the database, where `local_runner` and `run_workflow` claim it."""

    summary = "this machine, by manage.py local_runner"
    silence_hint = "Is manage.py local_runner running?"
    pulls = True
    served_locally = True

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """Return that the attempt is queued: its row in the database is the queue."""
        return Submission(
            submitted=True,
            runner=to.name,
            runner_url=None,
            runner_task_status="queued",
            message="waits for a local runner",
        )
