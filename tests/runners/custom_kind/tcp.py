"""Runners of kind `tcp`: hosts that answer one JSON object per connection."""

import json
import socket
from typing import Any, ClassVar
from urllib.parse import urlsplit

from runners.base import (
    RunnerAddress,
    RunnerBackend,
    RunnerField,
    RunnerReport,
    RunnerUnavailable,
    Submission,
    TaskPayload,
    UnknownTask,
)


def wrong_pool(pool: str) -> str:
    """Return what is wrong with the name of a pool, else ''."""
    return "" if pool.isalpha() else "Give the name of a pool, which has letters only."


class TcpBackend(RunnerBackend):
    """Starts attempts at a host and polls it for their state."""

    summary = "a host that takes JSON over TCP, at its url"
    fields: ClassVar = {
        "url": RunnerField("its address, such as tcp://gpu-1:7000", is_required=True)
    }
    options: ClassVar = {
        "pool": RunnerField("which of its pools, such as fast", check=wrong_pool),
    }
    credentials: ClassVar = {"password": RunnerField("the password of its users")}
    silence_hint = "Does its port accept connections?"

    def check(self, runner: RunnerAddress) -> dict[str, str]:
        """Accept only addresses that can be connected to."""
        url = urlsplit(runner.url)
        if url.scheme == "tcp" and url.port:
            return {}
        return {"url": "Give a tcp url with its port, such as tcp://gpu-1:7000"}

    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the payload, with the attempt's id as the host's key."""
        return {**task.payload, "id": task.attempt_id, "title": task.title}

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """Start an attempt; the host ignores an id that it knows."""
        ask(to, {"start": wire})
        return Submission(
            submitted=True,
            runner=to.name,
            runner_url=to.url,
            runner_task_status="queued",
            message=f"accepted by {to.name}",
        )

    def poll(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport:
        """Ask for the state of an attempt."""
        answer = ask(at, {"poll": wire["id"]})
        if answer["status"] == "unknown":
            raise UnknownTask(wire["id"])
        return RunnerReport(answer["status"], output=answer.get("output", ""))


def ask(runner: RunnerAddress, question: dict[str, Any]) -> Any:
    """Send one question and return the answer."""
    url = urlsplit(runner.url)
    try:
        with socket.create_connection((url.hostname, url.port), timeout=5) as connection:
            known = {**runner.options, **runner.credentials}
            connection.sendall(json.dumps({**question, **known}).encode() + b"\n")
            return json.loads(connection.makefile().readline())
    except (OSError, ValueError) as exc:
        raise RunnerUnavailable(f"it cannot be reached ({exc})") from exc
