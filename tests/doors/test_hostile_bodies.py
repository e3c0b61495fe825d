"""Sixteen hostile bodies at once take less than 50 MB, with a right token or without."""

import gzip
import os
from collections.abc import Callable, Iterator

import pytest

from tests.doors.site import MB, Site, head, request, running_site, status_of
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.threads import at_once
from tests.support.verbs import attempt, dispatch_all, states
from workflows.dispatch.tokens import token_of
from workflows.models import WorkflowRun

AT_ONCE = 16
SIZE = int(os.environ.get("HOSTILE_BODY_BYTES", 4 * MB))
MOST_GROWTH = 50 * MB


def repeated(piece: bytes, start: bytes = b"{", end: bytes = b"}") -> bytes:
    """Return a body of about SIZE bytes."""
    return start + piece * (SIZE // len(piece)) + end


def numbered(form: str) -> bytes:
    members = (form % n for n in range(SIZE // len(form)))
    return ("{" + ",".join(members) + ', "status": "success"}').encode()


ENDED = b', "status": "success"}'
BODIES: dict[str, Callable[[], bytes]] = {
    "lists": lambda: repeated(b"[],", b'{"result": [', b"1]" + ENDED),
    "lists that are small enough": lambda: b'{"result": [' + b"[]," * 330_000 + b"1]" + ENDED,
    "objects": lambda: repeated(b'{"a":1},', b'{"result": [', b"1]" + ENDED),
    "nested lists": lambda: repeated(b"[", b'{"result": ', b""),
    "nested and closed": lambda: repeated(b"[[]", b'{"result": ', b""),
    "keys": lambda: numbered('"k%d":1'),
    "keys that are kept": lambda: numbered('"worktree_cleanup_%d":"x"'),
    "one text": lambda: repeated(b"x", b'{"stdout": "', b'"' + ENDED),
    "one wide text": lambda: repeated("😀".encode(), b'{"stdout": "', b'"' + ENDED),
    "a wide result": lambda: repeated(b"x", '{"result": "😀'.encode(), b'"' + ENDED),
    "a text in a list": lambda: repeated(b"x", b'{"result": ["', b'"]' + ENDED),
    "escapes": lambda: repeated(rb"\ud83d\ude00", b'{"message": "', b'"' + ENDED),
    "a long number": lambda: repeated(b"9", b'{"result": ', ENDED),
    "compressed": lambda: gzip.compress(b"[" * 100 * MB),
    "no JSON": lambda: repeated(b"\0\xff", b"", b""),
}
A_FEW = ("lists", "one wide text", "keys that are kept", "compressed")


@pytest.fixture
def site(transactional_db: None) -> Iterator[Site]:
    """Serve the test's database by one process."""
    with running_site("--workers", "1", "--threads", str(AT_ONCE)) as running:
        yield running


@pytest.fixture
def run(transactional_db: None, script: Script, runs: DrawRun) -> WorkflowRun:
    """Return a run with as many tasks as bodies are sent at once; a host has all of them."""
    made = runs(", ".join(f"t{n}" for n in range(AT_ONCE)))
    dispatch_all(made)
    return made


def requests_of(
    site: Site, run: WorkflowRun, body: bytes, *, is_trusted: bool
) -> list[Callable[[], int]]:
    """Return calls that each send a body about a task of their own."""

    def send(name: str) -> int:
        sent = attempt(run, name)
        token = token_of(sent.pk) if is_trusted else "forged"
        path = f"/runner/tasks/{sent.task_id}/status"
        headers = {"content_type": "application/json", "content_length": len(body)}
        return status_of(
            request(site.port, head("POST", path, x_runner_token=token, **headers), body)
        )

    return [lambda name=f"t{n}": send(name) for n in range(AT_ONCE)]  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["lists", "one text"])
def test_of_strangers_nothing_is_read(site: Site, run: WorkflowRun, kind: str) -> None:
    before = site.forget_peak()

    answers = at_once(requests_of(site, run, BODIES[kind](), is_trusted=False))

    assert answers == [401] * AT_ONCE
    assert site.peak() - before < MOST_GROWTH
    assert {*states(run).values()} == {"dispatched"}


@pytest.mark.parametrize("kind", BODIES if "HOSTILE_BODY_BYTES" in os.environ else A_FEW)
def test_hosts_cannot_fill_the_memory(site: Site, run: WorkflowRun, kind: str) -> None:
    body = BODIES[kind]()
    at_once(requests_of(site, run, b'{"status": "running"}', is_trusted=True))  # all is imported
    before = site.forget_peak()

    answers = at_once(requests_of(site, run, body, is_trusted=True))

    growth = site.peak() - before
    assert {*answers} <= {200, 400, 429}
    assert growth < MOST_GROWTH
    assert status_of(request(site.port, head("GET", "/healthz"))) == 200
