"""`/tasks/{id}/ask` and `/tasks/{id}/declare-lost`."""

from collections.abc import Iterator

import pytest
from rest_framework.test import APIClient

from runners.models import Runner
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner, serving
from tests.support.verbs import attempt, dispatch, finish, states, task, trail
from workflows.models import WorkflowRun


@pytest.fixture
def host(db: None) -> Iterator[HostRunner]:
    """Serve a host-runner, and make it the default runner `gpu-1`."""
    with serving(HostRunner()) as host:
        Runner.objects.create(name="gpu-1", kind="http", url=host.url, is_default=True)
        yield host


@pytest.fixture
def run(runs: DrawRun, host: HostRunner) -> WorkflowRun:
    """Return a run whose task is at the host."""
    made = runs("a")
    dispatch(made)
    return made


def test_ask_answers_with_the_task_as_the_runner_says(
    api: APIClient, run: WorkflowRun, host: HostRunner
) -> None:
    host.says(attempt(run, "a").pk, "failed", exit_code=3)
    answer = api.post(f"/tasks/{task(run, 'a').pk}/ask", {"reason": "it is late"})
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    assert answer.json()["message"] == "exit code 3"
    event = run.events.get(event_type="task.asked")
    assert (event.actor, event.reason) == ("alice", "it is late")
    again = api.post(f"/tasks/{task(run, 'a').pk}/ask")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert again.json()["detail"] == f"no attempt of task {task(run, 'a').pk} is open: it is failed"


def test_ask_about_a_local_task_is_a_409(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    pk = task(run, "a").pk
    answer = api.post(f"/tasks/{pk}/ask")
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        f"task {pk} cannot be asked about: executors of local report by themselves"
    )


def test_declare_lost_answers_with_the_failed_task(api: APIClient, run: WorkflowRun) -> None:
    path = f"/tasks/{task(run, 'a').pk}/declare-lost"
    answer = api.post(path, {"reason": "gpu-1 burned down"})
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    assert answer.json()["message"] == "declared lost by alice: gpu-1 burned down"
    assert answer.json()["attempts"][0]["may_still_run"] is True
    assert "task.lost a" in trail(run)
    assert api.post(path, {"reason": "once more"}).status_code == 409


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}])
def test_declare_lost_needs_a_reason(
    api: APIClient, run: WorkflowRun, body: dict[str, str]
) -> None:
    answer = api.post(f"/tasks/{task(run, 'a').pk}/declare-lost", body)
    assert (answer.status_code, list(answer.json())) == (400, ["reason"])
    assert states(run) == {"a": "dispatched"}


def test_ended_task_is_not_declared_lost(api: APIClient, run: WorkflowRun) -> None:
    finish(run, "a")
    answer = api.post(f"/tasks/{task(run, 'a').pk}/declare-lost", {"reason": "why not"})
    assert answer.status_code == 409
    assert states(run) == {"a": "success"}


@pytest.mark.parametrize("name", ["ask", "declare-lost"])
def test_unknown_task_is_a_404(api: APIClient, name: str) -> None:
    assert api.post(f"/tasks/987654321/{name}", {"reason": "x"}).status_code == 404
