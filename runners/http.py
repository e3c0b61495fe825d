"""Runners of kind `http`: programs on other hosts that speak the protocol of docs/runners.md."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from runners.base import (
    RunnerAddress,
    RunnerBackend,
    RunnerError,
    RunnerField,
    RunnerReport,
    RunnerUnavailable,
    Submission,
    TaskPayload,
    UnknownTask,
    json_text,
    storable,
)
from runners.tls import TLS_OPTIONS, file_errors, tls_context, tls_refusal

TIMEOUT_S = 5
LARGEST_ANSWER = 5_000_000
"""Bytes; the rest of a larger answer is not read, and the answer does not count."""

FORWARDED_KEYS = ("workspace", "sandbox")
"""Keys of the payload that the host gets unchanged."""
BEARER = re.compile(r"[!-~]{1,4000}")
BEARER_WANTED = "Give a token of at most 4000 ASCII characters, without spaces and line ends."
HTTPS_ONLY = "Leave this empty, or give an https url: http uses no certificates."
MASK = "********"
STATUSES = {"queued", "running", "success", "failed", "canceled"}


def token_problem(token: str) -> str:
    """Return why a token cannot be sent in a header, else ''."""
    return "" if BEARER.fullmatch(token) else BEARER_WANTED


class HttpBackend(RunnerBackend):
    """Submits, polls and cancels over HTTP; the host reports to our callback endpoint."""

    summary = "another host, at its url"
    fields: ClassVar = {
        "url": RunnerField("where it listens, such as http://gpu-1:9000", is_required=True)
    }
    options = TLS_OPTIONS
    credentials: ClassVar = {
        "token": RunnerField(
            "sent to it as Authorization: Bearer, so that it takes tasks from this site only; over "
            "http, everybody on the way can read it",
            check=token_problem,
        )
    }
    silence_hint = "Does the program at its url still run?"
    calls_back = True

    def check(self, runner: RunnerAddress) -> dict[str, str]:
        """Refuse addresses that cannot be called over HTTP, and files that cannot be used."""
        scheme = urlsplit(runner.url).scheme
        if scheme not in {"http", "https"}:
            return {"url": "Give an http or https url, such as http://gpu-1:9000"}
        if scheme == "http":
            return {name: HTTPS_ONLY for name in TLS_OPTIONS if runner.options.get(name)}
        return file_errors(runner.options)

    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the body of the submission, without the token."""
        payload = task.payload
        callback = f"{settings.PUBLIC_BASE_URL}/runner/tasks/{task.task_id}/status"
        return {
            "task_id": str(task.task_id),
            "run_id": f"run-{task.run_id}",
            "prompt": json_text(payload.get("prompt")) or task.title,
            "execution_mode": json_text(payload.get("execution_mode")) or "no-workspace",
            "timeout_seconds": task.timeout_seconds,
            "status_callback_url": callback,
            "idempotency_key": task.attempt_id,
            **{name: payload[name] for name in FORWARDED_KEYS if name in payload},
        }

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """
        Submit an attempt, within five seconds.

        If the host received the request but did not answer, it is asked whether it knows the task.
        Only if it does not, or cannot be asked either, does it count as not submitted.

        :raises RunnerError: if the host did not accept it.
        """
        body = {**wire, "status_callback_token": token}
        try:
            answer = _request("POST", to, "tasks/submit", body)
        except _NoAnswer as exc:
            status = self._status_after(exc, wire, to)
        else:
            status = _text_or_empty(answer.get("status")) or "queued"
        return Submission(
            submitted=True,
            runner=to.name,
            runner_url=to.url,
            runner_task_status=status,
            message=f"accepted by {to.name}",
        )

    def poll(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """Ask for the state of a task."""
        return _report_in(_request("GET", at, f"tasks/{wire['task_id']}"))

    def cancel(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """Ask the host to end a task; return the state that it answers with, or is polled for."""
        answer = _request("POST", at, f"tasks/{wire['task_id']}/cancel", {})
        return _report_in(answer) if "status" in answer else self.poll(wire, at)

    def _status_after(self, failure: "_NoAnswer", wire: dict[str, Any], at: RunnerAddress) -> str:
        try:
            report = self.poll(wire, at)
        except RunnerError:
            raise RunnerUnavailable(str(failure)) from None
        return report.status if report else "queued"


class _NoAnswer(RunnerUnavailable):
    """The request was sent; whether the host acted on it is not known."""


def _request(method: str, to: RunnerAddress, path: str, body: Any = None) -> dict[str, Any]:
    """
    Call a host and return the JSON object that it answers with; any other answer counts as {}.

    :raises UnknownTask: on 404.
    :raises RunnerUnavailable: if it cannot be reached, redirects or answers with 401 or 5xx.
    :raises RunnerError: if it refuses this request.
    """
    with _network_errors_explained():
        status, content = _send(method, to, path, body)
    answer = _json_object(content)
    if 200 <= status < 300:
        return answer
    reason = f"{status}: {detail}" if (detail := _detail(answer, to)) else str(status)
    if status == 404:
        raise UnknownTask(reason)
    if status == 401:
        raise RunnerUnavailable(f"{reason} ({_token_question(to)})")
    if 300 <= status < 400:
        raise RunnerUnavailable(f"{reason}: it redirects, which is not followed")
    raise (RunnerUnavailable if status >= 500 else RunnerError)(reason)


def _send(method: str, to: RunnerAddress, path: str, body: Any) -> tuple[int, bytes]:
    url, content = f"{to.url.rstrip('/')}/{path}", b""
    give_up_at = time.monotonic() + TIMEOUT_S
    # No proxies or credentials from the environment of the site.
    with (
        httpx.Client(
            timeout=TIMEOUT_S,
            follow_redirects=False,  # the token is for this host only
            trust_env=False,
            verify=tls_context(to.options),
            headers=_authorization(to),
        ) as client,
        client.stream(method, url, json=body) as response,
    ):
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > LARGEST_ANSWER:
                raise RunnerUnavailable(f"it answers with more than {LARGEST_ANSWER:,} bytes")
            if time.monotonic() > give_up_at:  # httpx limits each chunk only
                raise httpx.ReadTimeout("the answer takes too long")
    return response.status_code, content


def _authorization(to: RunnerAddress) -> dict[str, str]:
    token = to.credentials.get("token")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _token_question(to: RunnerAddress) -> str:
    has_token = bool(to.credentials.get("token"))
    return "is the runner's token right?" if has_token else "does the runner need a token?"


@contextmanager
def _network_errors_explained() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as exc:
        raise RunnerUnavailable(tls_refusal(exc) or f"it cannot be reached ({exc})") from exc
    except httpx.TimeoutException as exc:
        raise _NoAnswer(f"it did not answer within {TIMEOUT_S} s") from exc
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        if why := tls_refusal(exc):  # the host has closed it before it read the request
            raise RunnerUnavailable(why) from exc
        raise _NoAnswer(f"the connection broke ({exc})") from exc


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _detail(answer: dict[str, Any], to: RunnerAddress) -> str:
    """Return the reason that a host gives; if it quotes the token, masked before it is cut."""
    detail = answer.get("detail") or answer.get("message") or answer.get("error")
    text = _text_or_empty(detail)
    for secret in to.credentials.values():
        text = text.replace(secret, MASK)
    return text[:300]


def _report_in(answer: dict[str, Any]) -> RunnerReport:
    status = _text_or_empty(answer.get("status"))
    if status not in STATUSES:
        raise RunnerUnavailable(f"it answers with the unknown status '{status[:50]}'")
    return runner_report_of(status, answer)


def runner_report_of(status: str, body: dict[str, Any]) -> RunnerReport:
    """Return the report in a host's answer or callback; nulls and unknown fields are ignored."""
    code = body.get("exit_code")
    return RunnerReport(
        status,
        _text_or_empty(body.get("message")),
        code if type(code) is int and abs(code) < 2**31 else None,
        body.get("result"),
        "".join(_text_or_empty(body.get(stream)) for stream in ("stdout", "stderr")),
    )


def _text_or_empty(value: object) -> str:
    return storable(value) if isinstance(value, str) else ""
