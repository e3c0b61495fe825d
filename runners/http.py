"""Runners of kind `http`: programs on other hosts that speak the protocol of docs/runners.md."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx

from runners.base import (
    ForeignAnswer,
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
from runners.bodies import read_object
from runners.callbacks import callback_url
from runners.deadline import Deadline
from runners.kept_values import CutText, LeftOut
from runners.tls import TLS_OPTIONS, file_errors, tls_context, tls_refusal

TIMEOUT_S = 5
FORWARDED_KEYS = ("workspace", "sandbox")
"""Keys of the payload that the host gets unchanged."""
BEARER = re.compile(r"[!-~]{1,4000}")
BEARER_WANTED = "Give a token of at most 4000 ASCII characters, without spaces and line ends."
HTTPS_ONLY = "Leave this empty, or give an https url: http uses no certificates."
MASK = "********"
NOT_COMPRESSED = {"Accept-Encoding": "identity"}
"""An answer that is compressed all the same is not read: it may be a thousand times as large."""
STATUSES = {"queued", "running", "success", "failed", "canceled"}
IDS = {"task_id": "task_id", "attempt_id": "idempotency_key", "idempotency_key": "idempotency_key"}
"""How a host may say which attempt it answers about, and where the submission says it."""
STREAMS = ("stdout", "stderr")
REFUSALS = ("detail", "message", "error")
"""Where a refusal may say why, in this order."""
REPORTED = {"status", "exit_code", "result", *STREAMS, *REFUSALS, *IDS}
"""What is read of answers and callbacks that are too large to be read as a whole."""
DETAILS = re.compile(r"container_id|worktree_cleanup_\w{1,40}")
"""What is kept and shown as the host says it."""
MOST_DETAILS = 20
TOO_LARGE = "the result was too large, or nested too deeply; it was left out"


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
    payload_keys = ("prompt", "execution_mode", *FORWARDED_KEYS)
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
        """
        Return the body of the submission, without the token.

        The host's `task_id` is the attempt: hosts know tasks by it alone, and a retry, or another
        installation that uses the same host, must not be taken for this attempt.
        """
        payload = task.payload
        return {
            "task_id": task.attempt_id,
            "run_id": f"run-{task.run_id}",
            "prompt": json_text(payload.get("prompt")) or task.title,
            "execution_mode": json_text(payload.get("execution_mode")) or "no-workspace",
            "timeout_seconds": task.timeout_seconds,
            "status_callback_url": callback_url(task.task_id),
            "idempotency_key": task.attempt_id,
            **{name: payload[name] for name in FORWARDED_KEYS if name in payload},
        }

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """
        Submit an attempt, within five seconds.

        If the host received the request but did not answer, it is asked whether it knows the task.
        Only if it does not, or cannot be asked either, does it count as not submitted.

        :raises ForeignAnswer: if it is asked, and answers about another task.
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
        return _report_in(_request("GET", at, f"tasks/{wire['task_id']}"), wire)

    def cancel(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """Ask the host to end a task; return the state that it answers with, or is polled for."""
        answer = _request("POST", at, f"tasks/{wire['task_id']}/cancel", {})
        return _report_in(answer, wire) if "status" in answer else self.poll(wire, at)

    def _status_after(self, failure: "_NoAnswer", wire: dict[str, Any], at: RunnerAddress) -> str:
        try:
            report = self.poll(wire, at)
        except ForeignAnswer:
            raise
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
        status, answer = _send(method, to, path, body)
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


def _send(method: str, to: RunnerAddress, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    url = f"{to.url.rstrip('/')}/{path}"
    deadline = Deadline(TIMEOUT_S)
    try:
        # No proxies or credentials from the environment of the site.
        with (
            deadline,
            httpx.Client(
                timeout=TIMEOUT_S,
                follow_redirects=False,  # the token is for this host only
                trust_env=False,
                verify=tls_context(to.options),
                headers={**_authorization(to), **NOT_COMPRESSED},
            ) as client,
            client.stream(method, url, json=body, extensions={"trace": deadline.trace}) as response,
        ):
            answer = response.status_code, _json_object(response.iter_raw())
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as exc:
        if deadline.is_over:
            raise _too_late() from exc
        raise
    if deadline.is_over:  # what looks like the end of the answer is where it was cut
        raise _too_late()
    return answer


def _too_late() -> httpx.ReadTimeout:
    return httpx.ReadTimeout("the answer takes too long")


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


def _json_object(chunks: Iterable[bytes]) -> dict[str, Any]:
    try:
        return read_object(chunks, is_reported)
    except ValueError:
        return {}


def _detail(answer: dict[str, Any], to: RunnerAddress) -> str:
    """Return the reason that a host gives, without the token; cut once all secrets are masked."""
    text = _text_or_empty(next(filter(None, map(answer.get, REFUSALS)), ""))
    for secret in to.credentials.values():
        text = text.replace(secret, MASK)
    return text


def _report_in(answer: dict[str, Any], wire: dict[str, Any]) -> RunnerReport:
    for name, asked in IDS.items():
        said = answer.get(name)
        if isinstance(said, str | int) and str(said) != wire[asked]:
            raise ForeignAnswer(
                f"asked about {wire[asked]}, it answers about {name} {storable(str(said))}"
            )
    status = _text_or_empty(answer.get("status"))
    if status not in STATUSES:
        raise RunnerUnavailable(f"it answers with the unknown status '{status}'")
    return runner_report_of(status, answer)


def is_reported(name: str) -> bool:
    """Return True for the members of answers and callbacks that are read."""
    return name in REPORTED or bool(DETAILS.fullmatch(name))


def runner_report_of(status: str, body: dict[str, Any]) -> RunnerReport:
    """Return the report in a host's answer or callback; nulls and unknown fields are ignored."""
    code, result = body.get("exit_code"), body.get("result")
    message = _text_or_empty(body.get("message"))
    if isinstance(result, LeftOut):
        result, message = None, f"{message} ({TOO_LARGE})".strip()
    return RunnerReport(
        status,
        message,
        code if type(code) is int and abs(code) < 2**31 else None,
        result,
        details=_details_in(body),
        output=[_output(body.get(stream)) for stream in STREAMS],
    )


def _details_in(body: dict[str, Any]) -> dict[str, str]:
    found = [(name, body[name]) for name in sorted(body) if DETAILS.fullmatch(name)]
    texts = {
        name: storable(json_text(value))
        for name, value in found[:MOST_DETAILS]
        if isinstance(value, str | int | float)
    }
    return {name: text for name, text in texts.items() if text}


def _output(value: object) -> str | CutText:
    if isinstance(value, CutText):
        return value._replace(head=storable(value.head), tail=storable(value.tail))
    return _text_or_empty(value)


def _text_or_empty(value: object) -> str:
    text = value.head if isinstance(value, CutText) else value
    return storable(text) if isinstance(text, str) else ""
