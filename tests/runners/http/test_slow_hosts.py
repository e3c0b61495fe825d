"""Whoever starts a run does not wait for its hosts, however slow they are."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from runners.models import Runner
from tests.factories import TemplateFactory
from tests.support.host_runner import HostRunner
from tests.support.verbs import attempt, states
from workflows.dispatch import background
from workflows.models import TaskAttempt, WorkflowRun, WorkflowTemplate

pytestmark = pytest.mark.django_db(transaction=True)
LONG_S = 30

Start = Callable[[Client, WorkflowTemplate], Any]


class Gate:
    """Holds back the answers of a host."""

    def __init__(self, host: HostRunner) -> None:
        """Hold back every answer from now on."""
        self.opened = threading.Event()
        host.on_submit = lambda body: self._answer(host, body)

    def _answer(self, host: HostRunner, body: dict[str, Any]) -> Any:
        assert self.opened.wait(LONG_S)
        return host.accept(body)


@pytest.fixture
def gate(host: HostRunner) -> Iterator[Gate]:
    """Hold back the answers of the host; at the end, wait for the threads that wait for it."""
    gate = Gate(host)
    yield gate
    gate.opened.set()
    join()


def join() -> None:
    """Wait for the submissions that go on in threads."""
    for thread in threading.enumerate():
        if thread.name == "submission":
            thread.join(LONG_S)


def by_api(client: Client, template: WorkflowTemplate) -> Any:
    body = {"workflow_template_id": template.pk, "auto_dispatch": True}
    answer = client.post("/workflow-runs", body, content_type="application/json")
    assert answer.status_code == 201
    assert answer.json()["status"] == "running"


def by_form(client: Client, template: WorkflowTemplate) -> Any:
    page = f"/admin/workflows/workflowrun/add/?template={template.pk}"
    assert client.post(page, {"template": template.pk}).status_code == 302


@pytest.mark.parametrize("start", [by_api, by_form])
def test_answer_does_not_wait_for_the_host(
    admin_client: Client, host: HostRunner, gate: Gate, start: Start
) -> None:
    template = TemplateFactory.create(drawing="a > b")

    start(admin_client, template)

    run = WorkflowRun.objects.get()
    assert states(run) == {"a": "dispatched", "b": "pending"}
    assert attempt(run, "a").submitted_at is None
    gate.opened.set()
    join()
    assert attempt(run, "a").submitted_at
    assert [body["task_id"] for body in host.submissions] == [str(attempt(run, "a").pk)]


def test_refusal_after_the_answer_is_noted_on_the_task(
    admin_client: Client, host: HostRunner
) -> None:
    host.on_submit = lambda _: (503, {"detail": "draining"})
    by_api(admin_client, TemplateFactory.create(drawing="a"))
    join()
    task = WorkflowRun.objects.get().tasks.get()
    assert (task.state, "draining" in task.note) == ("pending", True)


def test_with_all_threads_busy_the_caller_waits(
    admin_client: Client, host: HostRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_free", threading.BoundedSemaphore(1))
    background._free.acquire()
    by_api(admin_client, TemplateFactory.create(drawing="a"))
    assert TaskAttempt.objects.get().submitted_at
    background._free.release()


def test_thread_that_cannot_be_started_is_made_good_at_once(
    admin_client: Client, host: HostRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def fail(thread: threading.Thread) -> None:
        if thread.name == "submission":
            raise RuntimeError("can't start new thread")
        start(thread)

    template = TemplateFactory.create(drawing="a")
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fail)
        by_api(admin_client, template)
    assert TaskAttempt.objects.get().submitted_at


def test_local_tasks_need_no_thread(admin_client: Client, local: Runner) -> None:
    before = threading.active_count()
    by_api(admin_client, TemplateFactory.create(drawing="a", runner="local"))
    assert threading.active_count() == before
    assert TaskAttempt.objects.get().submitted_at
