"""A host keyed by `task_id` never ends an attempt by the process of another one."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from runners.base import TaskPayload
from runners.http import HttpBackend
from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner, serving
from tests.support.keyed_host import KeyedHost
from tests.support.trail import check_trail
from tests.support.verbs import attempt, dispatch, dispatch_all, states, task, trail
from workflows import operations
from workflows.models import TaskAttempt, WorkflowRun
from workflows.reports.polling import request_cancellation
from workflows.reports.recovery import recover_overdue

BY = who("rescue")


@pytest.fixture
def keyed(db: None) -> Any:
    """Serve a host that is keyed by `task_id`, as the default runner."""
    with serving(KeyedHost()) as host:
        Runner.objects.create(name="gpu-1", kind="http", url=host.url, is_default=True)
        yield host


def expire_leases() -> None:
    past = timezone.now() - timedelta(minutes=5)
    TaskAttempt.objects.exclude(lease_expires_at=None).update(lease_expires_at=past)


def call_back(client: Client, submission: dict[str, Any], entry: dict[str, Any]) -> int:
    """Report what an entry of the host says, with the token that the entry has."""
    answer = client.post(
        "/" + submission["status_callback_url"].split("/", 3)[3],
        json.dumps({"status": entry["status"], "exit_code": 0}),
        content_type="application/json",
        headers={"X-Runner-Token": entry["token"]},
    )
    return answer.status_code


def cancel_and_retry(run: WorkflowRun) -> None:
    operations.cancel(task(run, "a").pk, by=who("ada"))
    request_cancellation([attempt(run, "a").pk], by=who("ada"))
    assert states(run) == {"a": "canceled"}
    operations.retry(task(run, "a").pk, by=who("ada"))
    assert dispatch_all(run) == ["a"]


def test_process_of_a_canceled_attempt_does_not_end_its_retry(
    runs: DrawRun, keyed: KeyedHost, client: Client
) -> None:
    run = runs("a")
    dispatch(run)
    cancel_and_retry(run)
    first, second = keyed.submissions
    assert first["status_callback_url"] == second["status_callback_url"]

    assert call_back(client, first, keyed.end_process(first)) == 409
    assert states(run) == {"a": "dispatched"}
    expire_leases()
    assert recover_overdue(by=BY) == {"answered": 1}
    assert states(run) == {"a": "running"}
    assert call_back(client, second, keyed.end_process(second, "failed")) == 200
    assert states(run) == {"a": "failed"}
    check_trail(run)


def test_cancel_of_a_retry_reaches_its_own_process(runs: DrawRun, keyed: KeyedHost) -> None:
    run = runs("a")
    dispatch(run)
    cancel_and_retry(run)
    operations.cancel(task(run, "a").pk, by=who("ada"))
    request_cancellation([attempt(run, "a").pk], by=who("ada"))
    assert keyed.canceled == [body["task_id"] for body in keyed.submissions]


def test_two_installations_at_one_host_do_not_end_each_others_tasks(
    runs: DrawRun, keyed: KeyedHost
) -> None:
    run = runs("a")
    dispatch(run)
    runner = Runner.objects.get(name="gpu-1").address
    theirs = TaskPayload(task(run, "a").pk, run.pk, str(uuid.uuid4()), "a")
    wire = HttpBackend().wire(theirs)
    HttpBackend().submit(wire, runner, token="theirs")

    keyed.end_process(keyed.submissions[1], "failed")
    expire_leases()
    recover_overdue(by=BY)
    assert states(run) == {"a": "running"}
    operations.cancel(task(run, "a").pk, by=who("ada"))
    request_cancellation([attempt(run, "a").pk], by=who("ada"))
    assert states(run) == {"a": "canceled"}
    assert HttpBackend().poll(wire, runner).status == "failed"  # type: ignore[union-attr]


def test_unanswered_submission_of_a_retry_is_not_answered_by_the_attempt_before(
    runs: DrawRun, keyed: KeyedHost, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs("a")
    dispatch(run)
    cancel_and_retry(run)
    keyed.end_process(keyed.submissions[0])
    operations.cancel(task(run, "a").pk, by=who("ada"))
    request_cancellation([attempt(run, "a").pk], by=who("ada"))
    operations.retry(task(run, "a").pk, by=who("ada"))
    monkeypatch.setattr(KeyedHost, "answer", _lose_submissions)
    answer = dispatch(run)

    assert answer.reason
    assert answer.reason.startswith("runner refused: gpu-1: ")
    assert states(run) == {"a": "pending"}
    assert attempt(run, "a").outcome == "refused"


def _lose_submissions(host: KeyedHost, method: str, path: str, body: Any) -> Any:
    """Break the connection of a submission; answer everything else."""
    if path == "/tasks/submit":
        raise ConnectionResetError
    return HostRunner.answer(host, method, path, body)


@pytest.mark.parametrize("is_known", [True, False])
def test_retry_whose_submission_was_not_noted_is_asked_after_by_its_own_id(
    runs: DrawRun, keyed: KeyedHost, is_known: bool
) -> None:
    run = runs("a")
    dispatch(run)
    keyed.end_process(keyed.submissions[0])
    cancel_and_retry(run)
    second = attempt(run, "a")
    TaskAttempt.objects.filter(pk=second.pk).update(submitted_at=None)
    if not is_known:
        del keyed.tasks[str(second.pk)]
    expire_leases()
    keyed.asked.clear()

    recover_overdue(by=BY)

    submitted = [] if is_known else ["POST /tasks/submit"]
    assert keyed.asked == [f"GET /tasks/{second.pk}", *submitted]
    assert states(run) == {"a": "running" if is_known else "dispatched"}
    assert attempt(run, "a").submitted_at


@pytest.fixture
def before_upgrade(runs: DrawRun, keyed: KeyedHost) -> WorkflowRun:
    """Return a run whose attempt was sent by the release before, under the number of its task."""
    run = runs("a")
    dispatch(run)
    _as_sent_before(run, keyed)
    return run


def _as_sent_before(run: WorkflowRun, host: KeyedHost) -> None:
    sent = attempt(run, "a")
    host.tasks[str(sent.task_id)] = host.tasks.pop(str(sent.pk))
    host.tasks[str(sent.task_id)]["task_id"] = str(sent.task_id)
    payload = {**sent.payload, "task_id": str(sent.task_id)}
    TaskAttempt.objects.filter(pk=sent.pk).update(payload=payload, times_out_at=None)


def test_attempt_of_the_release_before_is_asked_under_the_id_it_was_sent_with(
    before_upgrade: WorkflowRun, keyed: KeyedHost
) -> None:
    expire_leases()
    recover_overdue(by=BY)
    assert states(before_upgrade) == {"a": "running"}
    assert attempt(before_upgrade, "a").times_out_at
    assert keyed.asked[-1] == f"GET /tasks/{task(before_upgrade, 'a').pk}"


@pytest.mark.parametrize("number", [1, 2])
def test_unnoted_submission_of_the_release_before_is_asked_after_only_for_the_first_attempt(
    before_upgrade: WorkflowRun, keyed: KeyedHost, number: int
) -> None:
    if number == 2:
        cancel_and_retry(before_upgrade)
        _as_sent_before(before_upgrade, keyed)
    TaskAttempt.objects.filter(number=number).update(submitted_at=None)
    expire_leases()
    keyed.asked.clear()
    recover_overdue(by=BY)
    by_number = f"GET /tasks/{task(before_upgrade, 'a').pk}"
    assert keyed.asked == [by_number if number == 1 else "POST /tasks/submit"]


FOREIGN = [
    {"task_id": "17"},
    {"task_id": 17},
    {"attempt_id": "17"},
    {"idempotency_key": "17"},
    {"task_id": None, "attempt_id": "other"},
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
@pytest.mark.parametrize("call", ["poll", "cancel"])
def test_answer_about_another_attempt_is_no_answer_and_leaves_one_counted_event(
    runs: DrawRun, keyed: KeyedHost, foreign: dict[str, Any], call: str
) -> None:
    run = runs("a")
    dispatch(run)
    own = str(attempt(run, "a").pk)
    keyed.on_cancel = lambda _: (200, {"status": "success", **foreign})
    keyed.tasks[own] = {"status": "success", **foreign}
    if call == "cancel":
        operations.cancel(task(run, "a").pk, by=who("ada"))
    for _ in range(3):
        expire_leases()
        assert recover_overdue(by=BY) == {"unanswered": 1}

    assert states(run) == {"a": "dispatched"}
    assert trail(run)[-1] == "task.report_refused a"
    refused = run.events.get(event_type="task.report_refused")
    other = str(next(filter(None, foreign.values())))
    assert f"asked about {own}, it answers about" in refused.reason
    assert other in refused.reason
    assert (refused.actor, refused.payload) == ("runner gpu-1", {"count": 3})
    check_trail(run)


@pytest.mark.parametrize("name", ["task_id", "attempt_id", "idempotency_key"])
def test_answer_that_names_the_attempt_counts(runs: DrawRun, keyed: KeyedHost, name: str) -> None:
    run = runs("a")
    dispatch(run)
    own = str(attempt(run, "a").pk)
    keyed.tasks[own] = {"status": "success", name: own}
    expire_leases()
    assert recover_overdue(by=BY) == {"answered": 1}
    assert states(run) == {"a": "success"}


def test_foreign_answer_about_one_attempt_leaves_the_others_asked(
    runs: DrawRun, keyed: KeyedHost
) -> None:
    run = runs("a, b")
    dispatch_all(run)
    keyed.tasks[str(attempt(run, "a").pk)] = {"status": "success", "task_id": "17"}
    keyed.end_process({"task_id": str(attempt(run, "b").pk)})
    expire_leases()
    assert recover_overdue(by=BY) == {"unanswered": 1, "answered": 1}
    assert states(run) == {"a": "dispatched", "b": "success"}


def test_unanswered_submission_that_the_host_takes_for_another_is_not_submitted(
    runs: DrawRun, keyed: KeyedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyedHost, "answer", _lose_submissions_and_answer_foreign)
    run = runs("a")
    dispatch(run)
    assert states(run) == {"a": "pending"}
    assert "task.report_refused a" in trail(run)
    assert attempt(run, "a").outcome == "refused"


def _lose_submissions_and_answer_foreign(host: KeyedHost, method: str, path: str, body: Any) -> Any:
    if path == "/tasks/submit":
        raise ConnectionResetError
    return 200, {"task_id": "17", "status": "success"}
