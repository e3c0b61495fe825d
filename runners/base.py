"""What every kind of runner agrees on. JSON types only: a runner knows nothing of the models."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

LONGEST_TIMEOUT_S = 86_400


def storable(text: str) -> str:
    """Return a text with marks in place of what no database can hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


class RunnerError(Exception):
    """The runner certainly did not start the work; the text says why. It may take other work."""


class RunnerUnavailable(RunnerError):
    """The runner takes no work at all now, so that nothing else need be tried on it."""


class UnknownTask(RunnerError):
    """The runner answers, and knows nothing of the task."""


@dataclass(frozen=True, slots=True)
class TaskPayload:
    """One attempt, as its runner is told of it."""

    task_id: int
    run_id: int
    attempt_id: str
    title: str
    payload: dict[str, Any] = field(default_factory=dict)
    timeout_seconds: int = LONGEST_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class RunnerAddress:
    """Where a runner is: what a backend needs of its row in the database."""

    name: str
    kind: str
    url: str = ""
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of handing an attempt to its runner."""

    submitted: bool
    runner: str
    runner_url: str | None
    runner_task_status: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return the form that the API answers with."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunnerReport:
    """What a runner says of a task. `status`: queued, running, success, failed or canceled."""

    status: str
    message: str = ""
    exit_code: int | None = None
    result: Any = None
    output: str = ""


class RunnerBackend(ABC):
    """How attempts reach one kind of runner, and how it is asked about them."""

    pulls: ClassVar[bool] = False
    """The runner fetches its attempts from the database: there is nothing to hand over."""
    claims: ClassVar[bool] = False
    """Nothing starts before an executor has claimed the attempt in the database."""

    @abstractmethod
    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the runner's own form of an attempt; what is kept and shown as its payload."""

    @abstractmethod
    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """
        Hand an attempt over; handing it over twice must start it once.

        :param token: proves to us that a report comes from this runner; never kept or shown.
        :raises RunnerError: if the runner certainly did not take it.
        """

    def poll(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """
        Ask what became of an attempt; None where there is nobody to ask.

        :raises UnknownTask: if the runner does not know it.
        :raises RunnerError: if the runner cannot be asked.
        """
        return None

    def cancel(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """
        Ask a runner to end an attempt; what it says of it then, if anything.

        :raises UnknownTask: if the runner does not know it.
        :raises RunnerError: if the runner cannot be asked.
        """
        return None


class ExecutedBackend(RunnerBackend):
    """A kind whose attempts are executed by our own executors, which claim them."""

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
