"""Requests take as many statements for 30 rows as for one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken
from rest_framework.test import APIClient

from runners.models import Runner
from tests.factories import RunFactory, RunnerFactory, TaskFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish
from workflows.models import WorkflowRun
from workflows.operations.holds import hold


def wide(steps: int) -> str:
    """Draw one step with many downstream steps."""
    return ", ".join(f"a > b{n}" for n in range(steps))


def count(api: APIClient, method: str, path: str, body: Any = None) -> int:
    with CaptureQueriesContext(
        connection,
    ) as statements:
        answer = api.generic(method, path) if body is None else api.post(path, body)
    assert answer.status_code < 400, answer.content
    return len(statements)


def deadlocked(steps: int = 2) -> WorkflowRun:
    run: WorkflowRun = RunFactory.create(template__drawing=wide(steps), template__runner="local")
    dispatch_all(run)
    finish(run, "a", "failed")
    return run


GATED = {"template__drawing": "a", "template__requires_approval": True}


@pytest.mark.parametrize(
    ("path", "make", "statements"),
    [
        ("/workflow-templates", lambda: TemplateFactory.create(drawing=wide(3), runner="local"), 4),
        ("/workflow-runs", lambda: RunFactory.create(template__drawing=wide(3)), 5),
        ("/workflow-runs", deadlocked, 5),
        ("/tasks", deadlocked, 4),
        ("/tasks", TaskFactory.create, 4),
        ("/approvals", lambda: RunFactory.create(**GATED), 2),
        ("/events", lambda: RunFactory.create(), 2),
        ("/runners", RunnerFactory.create, 2),
    ],
)
def test_list_takes_the_same_statements_for_one_row_and_for_many(
    api: APIClient, local: Runner, path: str, make: Callable[[], Any], statements: int
) -> None:
    make()
    for_one = count(api, "GET", path)
    for _ in range(30):
        make()

    assert (for_one, count(api, "GET", path)) == (statements, statements)


@pytest.mark.parametrize(
    ("path", "statements"),
    [
        ("/workflow-templates/{template}", 6),
        ("/workflow-runs/{run}", 4),
        ("/workflow-runs/{run}/graph", 3),
        ("/workflow-runs/{run}/explain", 10),
        ("/tasks/{task}", 3),
    ],
)
def test_detail_takes_the_same_statements_for_few_steps_and_for_many(
    api: APIClient, path: str, statements: int
) -> None:
    costs = []
    for steps in (1, 30):
        run = deadlocked(steps)
        task = run.tasks.order_by("-position").values_list("pk", flat=True)[0]
        place = path.format(run=run.pk, template=run.template_id, task=task)
        costs.append(count(api, "GET", place))

    assert costs == [statements, statements]


@pytest.mark.parametrize("body", [{}, {"limit": "all"}, {"limit": "all", "dry_run": True}])
def test_dispatch_takes_the_same_statements_for_few_ready_tasks_and_for_many(
    api: APIClient, runs: DrawRun, body: dict[str, Any]
) -> None:
    costs = []
    for drawing in ("a, b", ", ".join(f"s{n}" for n in range(40))):
        run = runs(drawing)
        costs.append(count(api, "POST", f"/workflow-runs/{run.pk}/dispatch-ready", body))

    assert costs[0] == costs[1]


def test_run_creation_takes_the_same_statements_for_few_steps_and_for_many(api: APIClient) -> None:
    costs = []
    for steps in (1, 40):
        template = TemplateFactory.create(drawing=wide(steps))
        body = {"workflow_template_id": template.pk}
        costs.append(count(api, "POST", "/workflow-runs", body))

    assert costs[0] == costs[1]


@pytest.mark.parametrize("verb", ["cancel", "hold", "release", "retry", "mark-success"])
def test_task_operation_takes_the_same_statements_in_a_small_run_and_a_large_one(
    api: APIClient, verb: str
) -> None:
    costs = []
    for steps in (2, 40):
        run = deadlocked(steps)
        task = run.tasks.get(step_id="a" if verb in {"retry", "mark-success"} else "b0")
        if verb == "release":
            hold(task.pk, by=who("alice"))
        costs.append(count(api, "POST", f"/tasks/{task.pk}/{verb}", {"reason": "why"}))

    assert costs[0] == costs[1]


def test_token_login_takes_the_same_statements_among_many_tokens(alice: User) -> None:
    def ask() -> int:
        _, token = AuthToken.objects.create(alice)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return count(client, "GET", "/runners")

    first = ask()
    for _ in range(30):
        AuthToken.objects.create(alice)

    assert ask() == first
