"""A host-runner that keys everything by `task_id`, as most hosts do: it knows no other id."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.host_runner import HostRunner, Reply


@dataclass
class KeyedHost(HostRunner):
    """Has one entry per `task_id`, and a process per submission that works on when canceled."""

    works: bool = True
    """False: it loses submissions, and does not know them later."""
    canceled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Answer as follows."""
        self.on_submit = self.take
        self.on_cancel = self.forget

    def take(self, body: dict[str, Any]) -> Reply:
        """Start a process; the entry is that of the latest process with this id."""
        self.says(body["task_id"], "running", token=body["status_callback_token"])
        return 202, {"status": "queued"}

    def forget(self, task_id: str) -> Reply:
        """Say that a task is canceled, whatever its process does."""
        if task_id not in self.tasks:
            return 404, {"detail": "unknown task"}
        self.canceled.append(task_id)
        self.tasks[task_id]["status"] = "canceled"
        return 200, self.tasks[task_id]

    def end_process(self, submission: dict[str, Any], status: str = "success") -> dict[str, Any]:
        """End the process of a submission; return the entry of its id, from which it reports."""
        entry = self.tasks[submission["task_id"]]
        entry["status"] = status
        return entry
