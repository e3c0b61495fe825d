"""
What a runner kind must implement: `RunnerBackend`, and the types that it exchanges with the site.

A kind is one subclass, named in the setting RUNNER_BACKENDS. It sees plain values, no models.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from runners.kept_values import CutText

LONGEST_TIMEOUT_S = 86_400


UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Replace the characters of a text that a database cannot store."""
    if not UNSTORABLE.search(text):
        return text  # and take no memory for copies
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def json_text(value: object) -> str:
    """
    Return a value as a text holds it: a text unchanged, nothing for null, else its JSON.

    :raises ValueError: if JSON does not have the value, such as infinity.
    """
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)


class RunnerError(Exception):
    """The runner certainly did not start this attempt; it may accept others."""


class RunnerUnavailable(RunnerError):
    """The runner accepts no attempts at the moment: others need not be submitted to it."""


class UnknownTask(RunnerError):
    """The runner answers that it does not know the attempt."""


class ForeignAnswer(RunnerError):
    """The runner answers about another attempt, so it has not answered about this one."""


@dataclass(frozen=True, slots=True)
class TaskPayload:
    """One attempt, from which its backend builds the payload for the runner."""

    task_id: int
    run_id: int
    attempt_id: str
    title: str
    payload: dict[str, Any] = field(default_factory=dict)
    timeout_seconds: int = LONGEST_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class RunnerAddress:
    """Where a runner is: the part of its database row that a backend needs."""

    name: str
    kind: str
    url: str = ""
    queue: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Decrypted, for the runner only; never log, store or show them."""


@dataclass(frozen=True, slots=True)
class RunnerField:
    """A field of a runner that only some kinds use: a column, an option or a credential."""

    help_text: str
    """What to enter, without a capital or a full stop: "its address, such as http://gpu-1"."""
    is_required: bool = False
    label: str = ""
    """Its name in the admin; empty: made from its own name."""
    check: Callable[[str], str] | None = None
    """Returns what is wrong with a value and what to do about it, else ''."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The answer to a submission that the runner accepted."""

    submitted: bool
    runner: str
    runner_url: str | None
    runner_task_status: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return the submission as JSON for the API."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunnerReport:
    """What a runner reports on an attempt: queued, running, success, failed or canceled."""

    status: str
    message: str = ""
    exit_code: int | None = None
    result: Any = None
    details: Mapping[str, str] = field(default_factory=dict)
    """What else helps an operator, such as the id of a container: few and short texts."""
    output: str | Sequence[str | CutText] = ""
    """What the attempt has printed: a text, or several in order."""


class RunnerBackend(ABC):
    """One kind of runner: what it needs, how attempts reach it, and how it is polled."""

    summary: ClassVar[str] = ""
    """What a runner of this kind is, for the admin's form, without a full stop."""
    fields: ClassVar[Mapping[str, RunnerField]] = {}
    """Which of the fields `url` and `queue` this kind uses; the others must stay empty."""
    options: ClassVar[Mapping[str, RunnerField]] = {}
    """What else can be set for runners of this kind, by name; the values are texts."""
    credentials: ClassVar[Mapping[str, RunnerField]] = {}
    """Secrets of runners of this kind, by name: stored encrypted, and never shown again."""
    payload_keys: ClassVar[Collection[str] | None] = None
    """Which keys of a step's payload this kind reads; None: any. Others are refused when saved."""
    work_keys: ClassVar[Collection[str]] = ()
    """Of these keys a payload needs one: without, there is nothing to do."""
    silence_hint: ClassVar[str] = ""
    """What to look at when a runner of this kind does not start its attempts."""
    claims: ClassVar[bool] = False
    """Nothing starts before an executor has claimed the attempt in the database."""
    pulls: ClassVar[bool] = False
    """Attempts wait in the database until an executor claims them: nothing is submitted."""
    served_locally: ClassVar[bool] = False
    """`manage.py local_runner` and `run_workflow` claim its attempts and execute them."""
    calls_back: ClassVar[bool] = False
    """Its hosts report by themselves, to the callback address of the site."""

    def unavailable(self) -> str:
        """Return why no runner of this kind can be used in this installation, else ''."""
        return ""

    def check(self, runner: RunnerAddress) -> dict[str, str]:
        """
        Return what is wrong with a runner, by field; each text says what to do about it.

        Asked only if its required fields are filled, and with a url that has a scheme and a host.
        """
        return {}

    @abstractmethod
    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the payload to send to the runner; it is also stored and shown."""

    @abstractmethod
    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """
        Submit an attempt. A second submission of the same attempt must not start it again.

        :param token: authenticates the runner's reports on this attempt; it is not stored.
        :raises ForeignAnswer: if it is not known whether the runner accepted it, and the answer to
            that question is about another attempt.
        :raises RunnerError: if the runner certainly did not accept it.
        """

    def poll(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """
        Ask the runner for the state of an attempt; None if this kind cannot be asked.

        :raises UnknownTask: if the runner does not know it.
        :raises ForeignAnswer: if the answer is about another attempt.
        :raises RunnerError: if the runner cannot be reached.
        """
        return None

    def cancel(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """
        Ask the runner to end an attempt; return the state that it answers with, if any.

        :raises UnknownTask: if the runner does not know it.
        :raises ForeignAnswer: if the answer is about another attempt.
        :raises RunnerError: if the runner cannot be reached.
        """
        return None


class ExecutedBackend(RunnerBackend):
    """A kind whose attempts are claimed and executed by executors of this project."""

    work_keys: ClassVar[Collection[str]] = ("command", "python", "task")
    payload_keys: ClassVar[Collection[str] | None] = (
        *work_keys,
        "cwd",
        "env",
        "args",
        "kwargs",
    )
    claims: ClassVar[bool] = True

    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the payload and the ids of the attempt."""
        return {
            "task_id": str(task.task_id),
            "run_id": f"run-{task.run_id}",
            "idempotency_key": task.attempt_id,
            "title": task.title,
            "timeout_seconds": task.timeout_seconds,
            **task.payload,
        }
