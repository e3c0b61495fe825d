"""
The same requests to the API of whichever project this process has the settings of.

`python -m tests.support.foreign_project.conversation PREFIX` prints each answer as a line of JSON,
with what differs by chance replaced: moments in the one form that they may have, UUIDs, cursors.
"""

import base64
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

HEADERS = ("Content-Type", "WWW-Authenticate", "Allow", "Retry-After", "Cache-Control", "Location")
CHANCE = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z"), "MOMENT"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "MINUTE"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r'cursor=[^"&]+'), "cursor=CURSOR"),
    (re.compile(r',"request_id":"\w+"'), ""),
    (re.compile(r'"duration_ms":\d+'), '"duration_ms":1'),
]
STEPS = [
    {"step_id": "a", "title": "Ärger", "payload": {"command": ["true"]}},
    {
        "step_id": "b",
        "title": "B",
        "payload": {"command": ["echo", "{{ params.x }}"]},
        "depends_on": ["a"],
        "requires_approval": True,
    },
]
TEMPLATE = {"name": "nightly", "steps": STEPS}
Ask = tuple[str, str, Any, str]
ALICE, NOBODY, BOB, WRONG, BASIC, SESSION = "token", "", "bob", "wrong", "basic", "session"


def requests() -> Iterator[Ask]:
    """Yield method, path, body and who asks."""
    yield from _of_templates_and_runs()
    yield from _of_lists()
    yield from _refused()
    yield from _of_strangers()


def _of_templates_and_runs() -> Iterator[Ask]:
    yield "POST", "workflow-templates", TEMPLATE, ALICE
    yield "POST", "workflow-templates", {**TEMPLATE, "name": "NIGHTLY too"}, BASIC
    yield "PUT", "workflow-templates/1", {"description": "\u2028 é"}, ALICE
    yield "GET", "workflow-templates/1/versions/1", None, ALICE
    yield "PATCH", "workflow-templates/1/policy", {"keep_runs_days": 7}, ALICE
    for number in range(3):
        body = {"workflow_template_id": 1, "parameters": {"x": number}}
        yield "POST", "workflow-runs", body, ALICE
    yield "POST", "workflow-runs/1/dispatch-ready", {"dry_run": True}, ALICE
    yield "POST", "workflow-runs/1/dispatch-ready", {}, ALICE
    yield "POST", "workflow-runs/2/pause", {"reason": "ü"}, SESSION
    yield "POST", "workflow-runs/3/abort", {}, ALICE
    yield "POST", "approvals/1/approve", {"comment": "fine"}, ALICE
    yield "POST", "tasks", {"title": "lone", "payload": {"command": ["x" * 2_000]}}, ALICE
    yield "POST", "tasks/7/hold", {"resume_at": "2999-01-01T08:00:00"}, ALICE
    yield "POST", "runners", {"name": "gpu", "kind": "http", "url": "http://gpu:9000"}, ALICE
    yield "PATCH", "runners/2", {"capacity": 3, "token": "x" * 40}, ALICE
    for path in ("workflow-runs/1", "workflow-runs/1/graph", "workflow-runs/1/explain", "tasks/1"):
        yield "GET", path, None, ALICE
    yield "GET", "tasks/1/log", None, ALICE
    yield "DELETE", "workflow-templates/2", None, ALICE


def _of_lists() -> Iterator[Ask]:
    for path in (
        "workflow-templates?name=nightly",
        "workflow-templates?name=night",
        "workflow-runs?limit=2",
        "workflow-runs?limit=1&offset=1",
        "workflow-runs?status=paused&status=created",
        "workflow-runs?q=state:paused",
        "workflow-runs?created_at_after=2026-01-01T08:00:00",
        "tasks?run_id=2",
        "tasks?run_id=1&limit=1",
        "approvals?status=pending",
        "events?run_id=1",
        "events?after=3&limit=2",
        "runners?name=gpu",
        "exports/events?after=0&limit=5",
        "exports/runs?after=0",
    ):
        yield "GET", path, None, ALICE
        yield "HEAD", path, None, ALICE


def _refused() -> Iterator[Ask]:
    for path in (
        "tasks?colour=red",
        "tasks?run_id=x",
        "tasks?limit=0",
        "tasks?version=8",
        "events?format=api",
        "workflow-runs?created_at_after=31.01.26",
        "workflow-runs/99",
        "workflow-runs/1/tasks",
        "workflow_runs",
        "tasks/",
        "tasks/x",
        "tasks?" + "x" * 20_001,
    ):
        yield "GET", path, None, ALICE
    yield "POST", "workflow-templates", {}, ALICE
    yield "POST", "workflow-templates", {**TEMPLATE, "steps": []}, ALICE
    yield "POST", "workflow-runs", {"workflow_template_id": "1", "colour": None}, ALICE
    yield "POST", "workflow-runs", {"workflow_template_id": 999}, ALICE
    yield "POST", "workflow-runs", "[1]", ALICE
    yield "POST", "workflow-runs", '{"a": NaN}', ALICE
    yield "POST", "workflow-runs", "\ufeff{", ALICE
    yield "POST", "workflow-runs/3/pause", {}, ALICE
    yield "POST", "tasks/1/mark-success", {}, ALICE
    yield "POST", "tasks/7/hold", {"resume_at": "31.01.26"}, ALICE
    yield "POST", "runners", {"name": "gpu", "kind": "http"}, ALICE
    yield "POST", "runners", {"name": "big", "capacity": "3"}, ALICE
    yield "DELETE", "runners/1", None, ALICE
    yield "POST", "docs", "x" * 70_000, ALICE
    for method in ("OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        yield method, "tasks", None, ALICE


def _of_strangers() -> Iterator[Ask]:
    for path in ("tasks", "workflow-runs/1", "exports/events", "schema", "healthz", "readyz"):
        for who in (NOBODY, WRONG, BOB):
            yield "GET", path, None, who
    yield "POST", "tasks", {"title": "x"}, NOBODY
    yield "POST", "tasks", {"title": "x"}, BOB
    yield "POST", "tasks", {"title": "x"}, "session without CSRF"
    yield "POST", "runner/tasks/1/status", {"status": "success"}, NOBODY
    yield "POST", "runner/tasks/x/status", {"status": "success"}, NOBODY


class Asker:
    """Sends requests as somebody."""

    def __init__(self, prefix: str) -> None:
        """Make the users, with a password and a token each."""
        from django.contrib.auth import get_user_model
        from django.test import Client
        from knox.models import AuthToken

        self.prefix, users = prefix, get_user_model()._default_manager
        alice: Any = users.create_superuser("alice", password="x")
        bob: Any = users.create_user("bob")
        self.client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        self.logged_in = Client(raise_request_exception=False, enforce_csrf_checks=True)
        self.logged_in.force_login(alice)
        self.logged_in.cookies["csrftoken"] = csrf = "x" * 32
        basic = base64.b64encode(b"alice:x").decode()
        self.headers: dict[str, dict[str, str]] = {
            ALICE: {"authorization": f"Token {AuthToken.objects.create(alice)[1]}"},
            BOB: {"authorization": f"Token {AuthToken.objects.create(bob)[1]}"},
            WRONG: {"authorization": "Token nonsense"},
            BASIC: {"authorization": f"Basic {basic}"},
            SESSION: {"x-csrftoken": csrf},
        }

    def ask(self, method: str, path: str, body: Any, who: str) -> Any:
        """Return the answer to a request."""
        client = self.logged_in if who.startswith(SESSION) else self.client
        content = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        return client.generic(
            method,
            f"/{self.prefix}{path}",
            content.encode(),
            "application/json",
            headers={"accept-language": "fr", **self.headers.get(who, {})},
        )


def described(answer: Any, prefix: str) -> dict[str, Any]:
    """Return what is compared of an answer."""
    content = answer.getvalue() if answer.streaming else answer.content
    text = content.decode().replace(f"/{prefix}", "/").replace('testserver/ops"', 'testserver"')
    for pattern, name in CHANCE:
        text = pattern.sub(name, text)
    headers = {name: answer[name] for name in HEADERS if name in answer}
    return {"status": answer.status_code, "headers": headers, "body": text}


def main(prefix: str) -> None:
    """Print the answers."""
    django.setup()
    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    asker = Asker(prefix)
    for request in requests():
        answer = described(asker.ask(*request), prefix)
        print(json.dumps([" ".join([*request[:2], request[3]])[:100], answer]))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
