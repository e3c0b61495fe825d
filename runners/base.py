"""What every kind of runner agrees on. JSON types only: a runner knows nothing of the models."""

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Protocol

LONGEST_TIMEOUT_S = 86_400


class RunnerError(Exception):
    """The runner certainly did not start the work; the text says why. It may take other work."""


class RunnerUnavailable(RunnerError):
    """The runner takes no work at all now, so that nothing else need be tried on it."""


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


class RunnerBackend(Protocol):
    """How attempts reach one kind of runner."""

    pulls: ClassVar[bool]
    """The runner fetches its attempts from the database: there is nothing to hand over."""

    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the runner's own form of an attempt; what is kept and shown as its payload."""
        ...

    def submit(self, wire: dict[str, Any], to: RunnerAddress) -> Submission:
        """
        Hand an attempt over; handing it over twice must start it once.

        :raises RunnerError: if the runner certainly did not take it.
        """
        ...
