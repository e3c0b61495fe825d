"""A runner for tests: it does what the test says, and keeps what was submitted to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from runners.base import (
    RunnerAddress,
    RunnerBackend,
    RunnerError,
    RunnerReport,
    RunnerUnavailable,
    Submission,
    TaskPayload,
    UnknownTask,
)

KIND = "scripted"
BACKEND = "tests.support.scripted.ScriptedBackend"


@dataclass
class Script:
    """What was submitted to the runner, and how it answers."""

    submitted: list[dict[str, Any]] = field(default_factory=list)
    """Every payload that was submitted, refused ones included, in order."""
    ended: list[str] = field(default_factory=list)
    """The titles of the tasks that it was asked to cancel, in order."""
    refusals: dict[str, str] = field(default_factory=dict)
    """Why a submission is refused, by name of the runner or title of the task."""
    on_submit: Callable[[dict[str, Any]], None] | None = None
    """Called during a submission, as something that happens elsewhere meanwhile."""

    @property
    def titles(self) -> list[str]:
        """The titles of the submitted tasks, in order."""
        return [wire["title"] for wire in self.submitted]

    def refuse(self, name: str, why: str = "no disk space") -> None:
        """Refuse every task of a runner, or every task with a title."""
        self.refusals[name] = why

    def accept(self, name: str) -> None:
        """Accept tasks of this runner or with this title again."""
        self.refusals.pop(name, None)


class ScriptedBackend(RunnerBackend):
    """Plays the current script."""

    script: ClassVar[Script] = Script()

    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the payload with its ids."""
        return {
            "task_id": str(task.task_id),
            "idempotency_key": task.attempt_id,
            "title": task.title,
            "timeout_seconds": task.timeout_seconds,
            **task.payload,
        }

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """Keep the attempt; accept or refuse it as the script says."""
        self.script.submitted.append(wire)
        if self.script.on_submit:
            self.script.on_submit(wire)
        if why := self.script.refusals.get(to.name):
            raise RunnerUnavailable(why)
        if why := self.script.refusals.get(wire["title"]):
            raise RunnerError(why)
        return Submission(
            submitted=True,
            runner=to.name,
            runner_url="http://runner.example/",
            runner_task_status="queued",
            message="accepted",
        )

    def poll(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """Report nothing new about a submitted task."""
        if wire not in self.script.submitted:
            raise UnknownTask("404")
        return RunnerReport("queued")

    def cancel(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """Keep the title; the test reports the end, if it does."""
        self.script.ended.append(wire["title"])
        return RunnerReport("queued")
