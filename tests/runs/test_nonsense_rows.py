"""Nonsense in the rows of one run: every loop, list and page goes on, and names that run."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import RunnerFactory, UserFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch_some, finish, states, task
from workflows import operations, periodic
from workflows.insight.attention import failed_or_stuck_runs
from workflows.insight.explain import explain
from workflows.models import Event, Task, TaskAttempt, WorkflowRun

SET_ASIDE = {
    *("counters are zero", "parameters are a list", "parameters are a text"),
    *("parameters are deep", "secrets are a list", "secrets are numbers"),
}
"""What a run is set aside for."""
FAILS = {
    *("payload is a list", "payload is a text", "payload is deep"),
    "payload has a bad expression",
}
"""What fails a task."""
DEEP = "[" * 800 + "]" * 800


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def in_tasks(column: str, value: object, where: str = "TRUE") -> Callable[[WorkflowRun], None]:
    statement = f"UPDATE workflows_task SET {column} = %s WHERE run_id = %s AND {where}"
    return lambda run: sql(statement, value, run.pk)


def in_run(column: str, value: object) -> Callable[[WorkflowRun], None]:
    statement = f"UPDATE workflows_workflowrun SET {column} = %s WHERE id = %s"
    return lambda run: sql(statement, value, run.pk)


def in_attempts(column: str, value: object) -> Callable[[WorkflowRun], None]:
    statement = (
        f"UPDATE workflows_taskattempt SET {column} = %s "
        "WHERE task_id IN (SELECT id FROM workflows_task WHERE run_id = %s)"
    )
    return lambda run: sql(statement, value, run.pk)


def edge_from_another_run(run: WorkflowRun) -> None:
    upstream = Task.objects.exclude(run=run).earliest("pk").pk
    statement = "INSERT INTO workflows_taskdependency (task_id, depends_on_id) VALUES (%s, %s)"
    sql(statement, task(run, "b").pk, upstream)


def runner_of_an_unknown_kind(run: WorkflowRun) -> None:
    runner = RunnerFactory.create(name="warp")
    sql("UPDATE runners_runner SET kind = 'warp', options = '5' WHERE id = %s", runner.pk)
    in_tasks("runner_id", runner.pk)(run)
    in_attempts("runner_id", runner.pk)(run)
    in_attempts("runner_kind", "warp")(run)


def no_approval(run: WorkflowRun) -> None:
    in_tasks("awaits_approval", value=True)(run)


def counters_are_zero(run: WorkflowRun) -> None:
    for name in ("pending", "dispatched"):
        in_run(f"{name}_count", 0)(run)


def event_without_count(run: WorkflowRun) -> None:
    Event.objects.create(run=run, event_type="dispatch.nothing_ready", actor="test", payload={})
    sql("UPDATE workflows_event SET payload = '[1]' WHERE run_id = %s", run.pk)


BROKEN_ROWS: dict[str, Callable[[WorkflowRun], None]] = {
    "payload is a list": in_tasks("payload", "[1, 2]"),
    "payload is a text": in_tasks("payload", '"x"'),
    "payload has a bad expression": in_tasks("payload", json.dumps({"x": "{{ 1e400 }}"})),
    "payload is deep": in_tasks("payload", DEEP),
    "payload for no runner": in_tasks("payload", '{"command": 5, "env": [], "prompt": {}}'),
    "runner of an unknown kind": runner_of_an_unknown_kind,
    "counters are zero": counters_are_zero,
    "no approval": no_approval,
    "edge from another run": edge_from_another_run,
    "task is success with an open attempt": in_tasks("state", "success", "step_id = 'a'"),
    "run is success": in_run("state", "success"),
    "run is created": in_run("state", "created"),
    "attempt count": in_tasks("attempt_count", 99),
    "unmet count": in_tasks("unmet_count", 99),
    "hold until 9999": in_tasks("resume_at", "9999-12-31 23:59:59.999999+00:00"),
    "moments in 9999": in_run("started_at", "9999-12-31 23:59:59.999999+00:00"),
    "moments in year 1": in_tasks("dispatched_at", "0001-01-01 00:00:00+00:00"),
    "result is deep": in_attempts("result", DEEP),
    "details are deep": in_attempts("details", DEEP),
    "details are a list": in_attempts("details", "[1]"),
    "attempt's payload is a number": in_attempts("payload", "5"),
    "attempt's payload is deep": in_attempts("payload", DEEP),
    "attempt's time-out": in_attempts("timeout_seconds", 2_147_483_647),
    "parameters are a list": in_run("parameters", "[1]"),
    "parameters are a text": in_run("parameters", '"x"'),
    "parameters are deep": in_run("parameters", DEEP),
    "secrets are a list": in_run("secrets", "[1]"),
    "secrets are numbers": in_run("secrets", '{"a": 5}'),
    "last dispatch is a number": in_run("last_dispatch", "5"),
    "last dispatch is half": in_run("last_dispatch", '{"dispatched": true}'),
    "event without count": event_without_count,
}


@pytest.fixture
def root(db: None) -> Client:
    client = Client(raise_request_exception=False)
    user = UserFactory.create(is_superuser=True, is_staff=True)
    client.force_login(user)
    return client


@pytest.fixture
def beside(runs: DrawRun, script: Script) -> tuple[list[WorkflowRun], dict[str, WorkflowRun]]:
    """Return two sound runs, the first and the last, and between them one for each nonsense."""
    made = [begun(runs) for _ in range(len(BROKEN_ROWS) + 2)]
    TaskAttempt.objects.update(lease_expires_at=timezone.now())
    sick = dict(zip(BROKEN_ROWS, made[1:-1], strict=True))
    for name, run in sick.items():
        BROKEN_ROWS[name](run)
    return [made[0], made[-1]], sick


def begun(runs: DrawRun) -> WorkflowRun:
    """Return a run: a is with a host that is overdue, b waits for it, the hold of c has ended."""
    payload = {"kwargs": {"x": "{{ params.v }}"}}
    run = runs("a > b, c", auto_dispatch=True, payload=payload, parameters={"v": 1})
    operations.hold(task(run, "c").pk, by=who("ada"))
    dispatch_some(run, None)
    assert states(run) == {"a": "dispatched", "b": "pending", "c": "pending"}
    Task.objects.filter(run=run, step_id="c").update(resume_at=timezone.now())
    return run


def round_of_everything(sound: list[WorkflowRun]) -> None:
    """Do one round of all loops, and dispatch from every run."""
    done = periodic.run_all(by=who("clock"))
    assert done.failures == {}
    with suppress(CommandError):  # it says how many runs refused
        call_command("dispatch_ready", "--limit", "all")
    for run in sound:
        assert states(run) == {"a": "dispatched", "b": "pending", "c": "dispatched"}
        finish(run, "a")
        assert states(run)["b"] == "dispatched"
        run.refresh_from_db()
        assert run.set_aside == ""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_loop_goes_on_beside_nonsense_and_names_the_run(beside: Any) -> None:
    sound, sick = beside
    round_of_everything(sound)

    with pytest.raises(CommandError, match="findings: "):
        call_command("verify_run", "--all")
    for name, run in sick.items():
        run = WorkflowRun.objects.get(pk=run.pk)
        messages = TaskAttempt.objects.filter(task__run=run).values_list("message", flat=True)
        assert bool(run.set_aside) == (name in SET_ASIDE), (name, run.set_aside)
        assert any(m.startswith("payload") for m in messages) == (name in FAILS), (name, messages)
        assert run.is_set_aside == (run in failed_or_stuck_runs().exclude(set_aside=""))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_set_aside_is_noted_once_and_forgotten_when_the_run_goes_on(beside: Any) -> None:
    sound, sick = beside
    round_of_everything(sound)
    run = sick["parameters are a list"]
    noted = WorkflowRun.objects.get(pk=run.pk)
    with CaptureQueriesContext(connection) as queries:
        periodic.run_all(by=who("clock"))
    written = [q["sql"] for q in queries if 'SET "set_aside"' in q["sql"]]
    assert written == []
    assert "the stored parameters are no object" in noted.set_aside
    assert noted.set_aside in explain(run.pk)["sentence"].replace("; ", "\n")

    WorkflowRun.objects.filter(pk=run.pk).update(parameters={"v": 1})
    periodic.run_all(by=who("clock"))

    assert states(run)["c"] == "dispatched"
    assert WorkflowRun.objects.get(pk=run.pk).set_aside == ""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_page_and_answer_comes_beside_nonsense(beside: Any, root: Client) -> None:
    sound, sick = beside
    round_of_everything(sound)
    assert "The run is set aside: the submission of task" in root.get("/admin/").content.decode()
    lists = [(path, root.get(path).status_code) for path in LISTS]
    assert [each for each in lists if each[1] != 200] == []
    found = {
        name: [each for each in answers(root, run) if each[1] >= 500] for name, run in sick.items()
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


MODELS = ("workflowrun", "task", "taskattempt", "approval", "event", "workflowtemplate")
LISTS = [
    *(f"/admin/workflows/{model}/" for model in MODELS),
    *("/admin/", "/admin/runners/runner/", "/workflow-runs", "/tasks", "/events", "/approvals"),
    *("/runners", "/workflow-templates"),
]


def answers(client: Client, run: WorkflowRun) -> Iterator[tuple[str, int]]:
    """Yield path and status of the pages of a run, and of requests about it."""
    first, *_, last = run.tasks.values_list("pk", flat=True).order_by("pk")
    attempt = TaskAttempt.objects.filter(task=first).values_list("pk", flat=True)[0]
    paths = [f"/admin/workflows/workflowrun/{run.pk}/{more}/" for more in ("change", "graph")]
    paths += [f"/admin/workflows/task/{first}/change/", f"/workflow-runs/{run.pk}/explain"]
    paths += [f"/admin/workflows/taskattempt/{attempt}/change/"]
    for path in paths:
        yield path, client.get(path).status_code
    for path, body in _requests(run, first, last):
        yield path, client.post(path, body, content_type="application/json").status_code


def _requests(run: WorkflowRun, first: int, last: int) -> Iterator[tuple[str, dict[str, Any]]]:
    yield f"/workflow-runs/{run.pk}/dispatch-ready", {"dry_run": True, "limit": "all"}
    yield f"/workflow-runs/{run.pk}/dispatch-ready", {"limit": "all"}
    yield f"/tasks/{last}/cancel", {"reason": "x"}
    yield f"/tasks/{first}/declare-lost", {"reason": "x"}
    yield f"/workflow-runs/{run.pk}/abort", {}
