"""Ask now: the runner is asked about the open attempt at once, and its answer counts."""

from typing import Any

import pytest

from runners.base import RunnerReport, UnknownTask
from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.trail import check_trail
from tests.support.verbs import attempt, dispatch, finish, states, task, trail
from workflows import operations
from workflows.errors import Conflict, NotFound
from workflows.models import TaskAttempt, WorkflowRun

ADA = who("ada")


@pytest.fixture
def run(runs: DrawRun, host: HostRunner) -> WorkflowRun:
    """Return a run whose task is at a host."""
    made = runs("a")
    dispatch(made)
    return made


def asked(run: WorkflowRun) -> dict[str, Any]:
    event = run.events.get(event_type="task.asked")
    assert event.payload["attempt_id"] == str(attempt(run, "a").pk)
    return {"actor": event.actor, "reason": event.reason, "answer": event.payload["answer"]}


def test_answer_counts_at_once(run: WorkflowRun, host: HostRunner) -> None:
    host.says(attempt(run, "a").pk, "success", stdout="done\n")
    result = operations.ask(task(run, "a").pk, by=ADA, reason="it is late")
    assert (result.task.state, result.answer) == ("success", "runner gpu-1 says success")
    answer = "runner gpu-1 says success"
    assert asked(run) == {"actor": "ada", "reason": "it is late", "answer": answer}
    assert attempt(run, "a").log_pieces.get().text == "done\n"
    assert trail(run)[-3:] == ["task.asked a", "task.succeeded a", "workflow_run.succeeded"]
    check_trail(run)


def test_each_ask_leaves_an_event(run: WorkflowRun, host: HostRunner) -> None:
    host.says(attempt(run, "a").pk, "running")
    for who_asks in ("ada", "bob"):
        operations.ask(task(run, "a").pk, by=who(who_asks))
    events = run.events.filter(event_type="task.asked").order_by("id")
    assert [event.actor for event in events] == ["ada", "bob"]
    assert states(run) == {"a": "running"}


def test_canceled_task_is_canceled_once_more(run: WorkflowRun, host: HostRunner) -> None:
    operations.cancel(task(run, "a").pk, by=ADA)
    assert operations.ask(task(run, "a").pk, by=ADA).task.state == "canceled"
    assert host.asked[-1] == f"POST /tasks/{attempt(run, 'a').pk}/cancel"


def test_silent_host_leaves_the_task_open(run: WorkflowRun) -> None:
    Runner.objects.filter(name="gpu-1").update(url="http://127.0.0.1:9")
    result = operations.ask(task(run, "a").pk, by=ADA)
    assert (result.task.state, result.is_answered) == ("dispatched", False)
    assert asked(run)["answer"].startswith("no answer from gpu-1: it cannot be reached")


def test_task_that_the_host_does_not_know_is_lost(
    run: WorkflowRun,
    host: HostRunner,
) -> None:
    host.tasks.clear()
    result = operations.ask(task(run, "a").pk, by=ADA)
    assert (result.task.state, result.answer) == ("failed", "runner gpu-1 does not know this task")
    assert "task.lost a" in trail(run)


def test_deleted_runner_cannot_answer(run: WorkflowRun) -> None:
    TaskAttempt.objects.update(runner=None)
    assert not operations.ask(task(run, "a").pk, by=ADA).is_answered
    assert asked(run)["answer"] == "no answer from gpu-1: its runner was deleted"


def test_ask_about_an_unknown_task_is_refused(db: None) -> None:
    with pytest.raises(NotFound):
        operations.ask(987654321, by=ADA)


def test_ask_without_an_open_attempt_is_refused(run: WorkflowRun) -> None:
    finish(run, "a")
    with pytest.raises(Conflict, match=r"no attempt of task .* is open: it is success"):
        operations.ask(task(run, "a").pk, by=ADA)
    assert "task.asked a" not in trail(run)


def test_ask_about_a_task_that_executors_report_on_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    with pytest.raises(Conflict, match="executors of local report by themselves"):
        operations.ask(task(run, "a").pk, by=ADA)


def test_attempt_that_is_being_submitted_is_not_asked_about(
    run: WorkflowRun,
    host: HostRunner,
) -> None:
    TaskAttempt.objects.update(submitted_at=None)
    host.tasks.clear()
    with pytest.raises(Conflict, match="has not been submitted to gpu-1 yet"):
        operations.ask(task(run, "a").pk, by=ADA)
    assert states(run) == {"a": "dispatched"}


def test_answer_that_comes_after_the_end_changes_nothing(
    run: WorkflowRun,
    host: HostRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def end_meanwhile(*_: object) -> RunnerReport:
        finish(run, "a")
        raise UnknownTask("404")

    monkeypatch.setattr("runners.http.HttpBackend.poll", end_meanwhile)
    assert operations.ask(task(run, "a").pk, by=ADA).task.state == "success"
    assert trail(run)[-1] == "task.report_refused a"
