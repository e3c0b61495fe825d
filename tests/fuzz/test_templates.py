"""Random templates, schemas, parameters, tasks and answers of hosts, through the real API."""

import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from tests.factories import RunnerFactory, UserFactory
from tests.fuzz.bodies import Bodies
from tests.support.actors import who
from tests.support.host_runner import HostRunner, serving
from workflows import periodic
from workflows.dispatch.tokens import token_of
from workflows.models import TaskAttempt, WorkflowRun
from workflows.reports.recovery import recover_overdue

logger = logging.getLogger(__name__)
SEED = int(os.environ.get("FUZZ_SEED", "11"))
TEMPLATES = int(os.environ.get("FUZZ_TEMPLATES", "20"))
PAYLOAD = {"prompt": "{{ params.v }}", "workspace": {"path": "/tmp"}, "sandbox": "none"}  # noqa: S108
TEMPLATE: dict[str, Any] = {
    "name": "T",
    "description": "d",
    "steps": [
        {"step_id": "a", "title": "A", "payload": PAYLOAD, "timeout_seconds": 60},
        {"step_id": "b", "title": "B", "depends_on": ["a"], "payload": {"prompt": "x"}},
        {
            "step_id": "c",
            "title": "C",
            "runner": "local",
            "payload": {"command": ["echo", "{{ params.v }}"]},
        },
    ],
}
REPORT = {
    "status": "success",
    "message": "m",
    "exit_code": 0,
    "result": {"k": [1]},
    "stdout": "out",
    "stderr": "err",
    "started_at": "2026-01-31T10:00:00Z",
    "finished_at": "2026-01-31T10:00:00Z",
    "container_id": "c",
}
CODES = [200, 200, 200, 200, 201, 202, 204, 301, 400, 404, 409, 422, 500, 503]
GONE = timedelta(minutes=2)


class Fuzz:
    """An installation with a host that answers anything, and a client that sends anything."""

    def __init__(self, host: HostRunner) -> None:
        """Log in, and have the host called."""
        user = UserFactory.create(is_superuser=True, is_staff=True)
        token = AuthToken.objects.create(user)[1]
        headers = {"Authorization": f"Token {token}"}
        self.client = Client(raise_request_exception=False, headers=headers)
        self.client.force_login(user)
        self.host = host
        self.bodies = Bodies(Random(0))  # noqa: S311 (to be repeated)

    def round(self, seed: str) -> None:
        """Send a template, start a run of it, and let the host answer."""
        bodies = self.bodies = Bodies(Random(seed))  # noqa: S311
        self.host.on_submit = lambda body: self._answer({**REPORT, **body, "status": "queued"})
        self.host.on_cancel = lambda _: self._answer(REPORT)
        made = self._create_template()
        task = bodies.spoiled({"title": "T", "payload": PAYLOAD, "timeout_seconds": 5})
        self.post("/tasks", task)
        if "id" in made:
            self.get(f"/admin/workflows/workflowrun/add/?template={made['id']}")
            auto = bodies.pick([True, False])
            start = {
                "workflow_template_id": made["id"],
                "auto_dispatch": auto,
                "parameters": {"v": 1},
            }
            run = self.post("/workflow-runs", {**start, "parameters": bodies.spoiled({"v": 1})})
            run = run if "id" in run else self.post("/workflow-runs", start)
            if "id" in run:
                self._work_on(run["id"])

    def _create_template(self) -> dict[str, Any]:
        """Create a template: half of the time a sound one, of which only the host is hostile."""
        bodies = self.bodies
        if bodies.pick([True, False]):
            answer = self.client.post("/workflow-templates", TEMPLATE, "application/json")
            return dict(answer.json())
        schema = (
            {"properties": {"v": bodies.schema()}} if bodies.pick([0, 1, 1]) else bodies.schema()
        )
        return self.post(
            "/workflow-templates", bodies.spoiled({**TEMPLATE, "parameters_schema": schema})
        )

    def post(self, path: str, data: Any) -> dict[str, Any]:
        """Send a body; return the answer, which must not be a failure of ours."""
        text = self.bodies.text_of(data)
        answer = self.client.generic("POST", path, text, "application/json")
        assert answer.status_code < 500, f"{path}: {answer.status_code}"
        found: dict[str, Any] = answer.json()
        return found if answer.status_code < 300 else {}

    def get(self, path: str) -> None:
        """Read a page or an answer, which must not be a failure of ours."""
        assert self.client.get(path).status_code == 200, path

    def _work_on(self, run_id: int) -> None:
        self.post(f"/workflow-runs/{run_id}/dispatch-ready", {"limit": "all"})
        attempts = TaskAttempt.objects.filter(task__run=run_id)
        for attempt in attempts.filter(runner_kind="http", outcome=""):
            if self.bodies.pick([True, False]):
                self._call_back(attempt)
        attempts.update(lease_expires_at=timezone.now() - GONE)
        if self.bodies.pick([True, False, False]):
            attempts.filter(times_out_at__isnull=False).update(times_out_at=timezone.now() - GONE)
        recover_overdue(run_id=run_id, by=who("clock"))
        self.get(f"/admin/workflows/workflowrun/{run_id}/change/")
        for more in ("", "/explain", "/graph"):
            self.get(f"/workflow-runs/{run_id}{more}")
        self.get(f"/tasks?run_id={run_id}")

    def _call_back(self, attempt: TaskAttempt) -> None:
        path = f"/runner/tasks/{attempt.task_id}/status"
        text = self.bodies.text_of(self.bodies.spoiled(REPORT))
        headers = {"X-Runner-Token": token_of(attempt.pk)}
        answer = self.client.generic("POST", path, text, "application/json", headers=headers)
        assert answer.status_code < 500, f"{path}: {text[:500]!r}"

    def _answer(self, report: dict[str, Any]) -> tuple[int, Any]:
        return self.bodies.pick(CODES), self.bodies.text_of(self.bodies.spoiled(report))


class AnyAnswer(HostRunner):
    """A host that answers polls as it answers submissions."""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Answer about any attempt."""
        if method == "GET" and self.on_submit:
            return self.on_submit({"task_id": path.rpartition("/")[2]})
        return super().answer(method, path, body)


@pytest.fixture
def fuzz(transactional_db: None) -> Iterator[Fuzz]:
    with serving(AnyAnswer()) as host:
        RunnerFactory.create(name="host", kind="http", url=host.url, is_default=True)
        yield Fuzz(host)


@pytest.mark.timeout(0)
@pytest.mark.slow
def test_no_template_schema_or_answer_of_a_host_is_a_failure_of_ours(fuzz: Fuzz) -> None:
    for number in range(TEMPLATES):
        try:
            fuzz.round(f"{SEED}.{number}")
        except Exception as exc:
            exc.add_note(f"FUZZ_SEED={SEED}, template {number}")
            raise
        assert WorkflowRun.objects.exclude(set_aside="").count() == 0, f"{SEED}.{number}"
    logger.warning(
        "%s templates of FUZZ_SEED=%s, %s runs", TEMPLATES, SEED, WorkflowRun.objects.count()
    )
    for path in ("/admin/", "/workflow-runs", "/tasks", "/events"):
        fuzz.get(path)
    assert periodic.run_all(by=who("clock")).failures == {}
