"""Runners of kind `http`: programs on other hosts that speak our small protocol."""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
from django.conf import settings

from runners.base import (
    RunnerAddress,
    RunnerBackend,
    RunnerError,
    RunnerReport,
    RunnerUnavailable,
    Submission,
    TaskPayload,
    UnknownTask,
    storable,
)

TIMEOUT_S = 5
LARGEST_ANSWER = 5_000_000
"""Bytes; a runner that answers with more is not listened to."""

HANDED_ON = ("workspace", "sandbox")
STATUSES = {"queued", "running", "success", "failed", "canceled"}


class HttpBackend(RunnerBackend):
    """Submits, polls and cancels over HTTP; reports come back to our callback endpoint."""

    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the body of the submission, without the token."""
        payload = task.payload
        callback = f"{settings.PUBLIC_BASE_URL}/runner/tasks/{task.task_id}/status"
        return {
            "task_id": str(task.task_id),
            "run_id": f"run-{task.run_id}",
            "prompt": payload.get("prompt") or task.title,
            "execution_mode": payload.get("execution_mode") or "no-workspace",
            "timeout_seconds": task.timeout_seconds,
            "status_callback_url": callback,
            "idempotency_key": task.attempt_id,
            **{name: payload[name] for name in HANDED_ON if name in payload},
        }

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """
        Hand an attempt over, within five seconds.

        A runner that took the request and did not answer is asked whether it knows the task: only
        one that says no, or cannot be asked either, counts as not having started it.

        :raises RunnerError: if the runner did not take it.
        """
        body = {**wire, "status_callback_token": token}
        try:
            answer = _call("POST", to, "tasks/submit", body)
        except _NoAnswer as exc:
            said = self._asked_after(wire, to, str(exc))
        else:
            said = _text(answer.get("status")) or "queued"
        return Submission(
            submitted=True,
            runner=to.name,
            runner_url=to.url,
            runner_task_status=said,
            message=f"accepted by {to.name}",
        )

    def poll(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """Ask what became of a task."""
        return _heard(_call("GET", at, f"tasks/{wire['task_id']}"))

    def cancel(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """Ask for the end of a task; what the runner says of it at once, or when asked again."""
        answer = _call("POST", at, f"tasks/{wire['task_id']}/cancel", {})
        return _heard(answer) if "status" in answer else self.poll(wire, at)

    def _asked_after(self, wire: dict[str, Any], to: RunnerAddress, why: str) -> str:
        try:
            heard = self.poll(wire, to)
        except RunnerError:
            raise RunnerUnavailable(why) from None
        return heard.status if heard else "queued"


class _NoAnswer(RunnerUnavailable):
    """The request was sent, and what became of it is not known."""


def _call(method: str, to: RunnerAddress, path: str, body: Any = None) -> dict[str, Any]:
    """
    Call a runner and return the object that it answers with; anything else counts as empty.

    :raises UnknownTask: on 404.
    :raises RunnerUnavailable: if it does not answer, or not as it should.
    :raises RunnerError: if it refuses this very request.
    """
    with _explained():
        status, content = _exchange(method, f"{to.url.rstrip('/')}/{path}", body)
    answer = _object(content)
    if 200 <= status < 300:
        return answer
    told = f"{status}: {detail}" if (detail := _detail(answer)) else str(status)
    if status == 404:
        raise UnknownTask(told)
    if 300 <= status < 400:
        raise RunnerUnavailable(f"{told}: it redirects, which is not followed")
    raise (RunnerUnavailable if status >= 500 else RunnerError)(told)


def _exchange(method: str, url: str, body: Any) -> tuple[int, bytes]:
    content = b""
    give_up_at = time.monotonic() + TIMEOUT_S
    # No proxies or credentials from the environment of the site.
    with (
        httpx.Client(
            timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, verify=_certificates()
        ) as client,
        client.stream(method, url, json=body) as response,
    ):
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > LARGEST_ANSWER:
                raise RunnerUnavailable(f"it answers with more than {LARGEST_ANSWER:,} bytes")
            if time.monotonic() > give_up_at:  # httpx counts the time between two pieces only
                raise httpx.ReadTimeout("the answer drips")
    return response.status_code, content


@cache
def _certificates() -> ssl.SSLContext:
    """Return who is trusted; to read that anew for every call costs more than the call."""
    return httpx.create_ssl_context(trust_env=False)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as exc:
        raise RunnerUnavailable(f"it cannot be reached ({exc})") from exc
    except httpx.TimeoutException as exc:
        raise _NoAnswer(f"it did not answer within {TIMEOUT_S} s") from exc
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise _NoAnswer(f"the connection broke ({exc})") from exc


def _object(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _detail(answer: dict[str, Any]) -> str:
    return _text(answer.get("detail") or answer.get("message") or answer.get("error"))[:300]


def _heard(answer: dict[str, Any]) -> RunnerReport:
    status = _text(answer.get("status"))
    if status not in STATUSES:
        raise RunnerUnavailable(f"it answers with the unknown status '{status[:50]}'")
    return runner_report_of(status, answer)


def runner_report_of(status: str, body: dict[str, Any]) -> RunnerReport:
    """Take what is useful from what a runner says; nulls and whatever else it says are no harm."""
    code = body.get("exit_code")
    return RunnerReport(
        status,
        _text(body.get("message")),
        code if type(code) is int and abs(code) < 2**31 else None,
        body.get("result"),
        "".join(_text(body.get(stream)) for stream in ("stdout", "stderr")),
    )


def _text(value: object) -> str:
    return storable(value) if isinstance(value, str) else ""
