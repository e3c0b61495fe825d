"""Messages to the Celery queue: sent once, refused without a broker, sent again when lost."""

import time
from datetime import timedelta
from uuid import uuid4

import psutil
import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from runners import celery
from runners.models import Runner
from runners.slots.pool import SlotPool
from tests.runners.celery.conftest import UseBroker, messages
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.redis import free_port
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, states, task, trail
from workflows.dispatch.leases import CLAIM_WITHIN
from workflows.execution.executor import execute
from workflows.models import TaskAttempt, WorkflowRun
from workflows.operations.tasks import cancel
from workflows.reports.recovery import recover_overdue

NOOP = {"python": "noop"}


def later(run: WorkflowRun, by: timedelta) -> None:
    """Let time pass for the open attempts of a run."""
    for waiting in TaskAttempt.objects.open().filter(task__run=run):
        waiting.dispatched_at -= by
        waiting.lease_expires_at = waiting.lease_expires_at and waiting.lease_expires_at - by
        waiting.save()


def test_message_contains_only_attempt_id(runs: DrawRun, pool: Runner) -> None:
    run = runs("a", payload={"command": ["echo", "secret"]})
    (sent,) = dispatch(run).dispatches
    assert sent.runner_submission.message == f"waits in queue {pool.queue} for a worker"
    (message,) = messages(pool)
    assert message["body"] == [[str(attempt(run, "a").pk)], {}]
    assert "secret" not in str(message)


@pytest.mark.django_db
def test_unreachable_broker_refuses_dispatch_at_once(runs: DrawRun, use_broker: UseBroker) -> None:
    use_broker(f"redis://:hunter2@127.0.0.1:{free_port()}/0")
    Runner.objects.create(name="celery-pool", kind="celery", is_default=True)
    run = runs("a, b, c")
    began_at = time.monotonic()
    answer = dispatch(run, limit=None)
    assert time.monotonic() - began_at < 5
    assert answer.reason
    assert answer.reason.startswith("runner refused: celery-pool: the broker cannot be reached (")
    assert "hunter2" not in answer.reason
    assert states(run) == {"a": "pending", "b": "pending", "c": "pending"}
    assert task(run, "a").note.startswith(answer.reason)
    assert trail(run).count("task.submit_failed a") == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("named", "url", "why"),
    [
        ("no_such_shop.celery.app", "memory://", "ModuleNotFoundError: No module named"),
        ("orchestrator.celery.app", "nonsense://broker/0", "KeyError: 'No such transport"),
        ("orchestrator.celery.app", "redis://:hunter2@broker:hunter2/0", "ValueError)"),
    ],
)
def test_unusable_celery_app_refuses_dispatch(
    named: str, url: str, why: str, runs: DrawRun, use_broker: UseBroker, settings: Settings
) -> None:
    use_broker(url)
    settings.CELERY_APP = named
    Runner.objects.create(name="celery-pool", kind="celery", is_default=True)
    run = runs("a, b")
    reason = dispatch(run, limit=None).reason or ""
    assert reason.startswith(
        f"runner refused: celery-pool: the project's Celery app cannot send ({why}"
    )
    assert "hunter2" not in reason
    assert states(run) == {"a": "pending", "b": "pending"}


def test_repeated_message_starts_attempt_once(runs: DrawRun, pool: Runner) -> None:
    run = runs("a", payload=NOOP)
    dispatch(run)
    for _ in range(2):
        execute(attempt(run, "a").pk, by=who("worker"))
    execute(uuid4(), by=who("worker"))
    assert trail(run)[1:] == [
        "task.dispatched a",
        "task.running a",
        "task.succeeded a",
        "workflow_run.succeeded",
    ]


def test_next_attempt_reuses_slot(runs: DrawRun, pool: Runner) -> None:
    run = runs("a, b", payload={"python": "tests.pid"})
    dispatch(run, limit=None)
    slots = SlotPool()
    for step_id in ("a", "b"):
        execute(attempt(run, step_id).pk, by=who("worker"), slots=slots)
    process = psutil.Process(attempt(run, "a").result)
    assert attempt(run, "b").result == process.pid
    slots.close()
    process.wait(5)


def test_message_for_canceled_attempt_starts_nothing(runs: DrawRun, pool: Runner) -> None:
    run = runs("a, b", payload=NOOP)
    dispatch(run)
    assert cancel(task(run, "a").pk, by=who("ada")).state == "canceled"
    execute(attempt(run, "a").pk, by=who("worker"))
    assert states(run) == {"a": "canceled", "b": "pending"}
    assert "task.running a" not in trail(run)


def test_lost_message_is_sent_again(runs: DrawRun, pool: Runner) -> None:
    run = runs("a")
    dispatch(run)
    assert not recover_overdue(by=who("rescue"))
    later(run, CLAIM_WITHIN)
    assert recover_overdue(by=who("rescue")) == {"submitted": 1}
    # It may be the queue that is long: each time, it is given twice as long.
    later(run, CLAIM_WITHIN * 1.1)
    assert recover_overdue(by=who("rescue")) == {"submitted": 1}
    later(run, CLAIM_WITHIN * 1.9)
    assert not recover_overdue(by=who("rescue"))
    assert len({str(message["body"]) for message in messages(pool)}) == 1
    assert len(messages(pool)) == 3
    assert trail(run) == ["workflow_run.running", "task.dispatched a"]


def test_full_runner_gets_next_attempt_when_one_ends(runs: DrawRun, pool: Runner) -> None:
    Runner.objects.update(capacity=2)
    run = runs("a, b, c", auto_dispatch=True)
    assert dispatch_all(run) == ["a", "b"]
    assert dispatch(run).reason == "runner is full: celery-pool has 2 at a time"
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "dispatched", "c": "dispatched"}
    assert len(messages(pool)) == 3


@pytest.mark.django_db
def test_celery_runner_is_refused_while_celery_is_missing(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery, "find_spec", lambda name: None)
    with pytest.raises(ValidationError) as refused:
        Runner(name="celery-pool", kind="celery").full_clean()
    assert refused.value.message_dict == {"kind": [celery.NOT_INSTALLED]}
    # A runner that was created earlier refuses its tasks; everything else works.
    Runner.objects.create(name="celery-pool", kind="celery", is_default=True)
    assert dispatch(runs("a")).reason == f"runner refused: celery-pool: {celery.NOT_INSTALLED}"
