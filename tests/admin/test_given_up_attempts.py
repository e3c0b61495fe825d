"""The buttons *Ask now* and *Declare lost*, and the question before a retry afterwards."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from runners.models import Runner
from tests.admin.conftest import act, confirm, messages_of, text_of, url_of
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner, serving
from tests.support.verbs import attempt, dispatch, states, task
from workflows.models import Event, TaskAttempt, WorkflowRun


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


def test_task_at_a_host_offers_both(olga: Client, run: WorkflowRun) -> None:
    page = olga.get(url_of(task(run, "a"))).content.decode()
    assert 'value="ask"' in page
    assert 'value="declare_lost"' in page


def test_local_task_offers_neither_while_nothing_is_wrong(olga: Client, runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    lease = timezone.now() + timedelta(minutes=1)
    TaskAttempt.objects.update(started_at=timezone.now(), lease_expires_at=lease)
    page = olga.get(url_of(task(run, "a"))).content.decode()
    assert 'value="cancel"' in page
    assert 'value="ask"' not in page
    assert 'value="declare_lost"' not in page


def test_dashboard_offers_both_for_an_overdue_task_at_a_host(
    olga: Client, run: WorkflowRun
) -> None:
    long_ago = timezone.now() - timedelta(minutes=2)
    TaskAttempt.objects.update(started_at=long_ago, lease_expires_at=long_ago)
    page = olga.get("/admin/").content.decode()
    buttons = re.findall(r'name="action" value="(\w+)"', page)
    assert buttons == ["ask", "cancel", "declare_lost"]


def test_click_asks_at_once_and_quotes_the_answer(
    olga: Client, run: WorkflowRun, host: HostRunner
) -> None:
    host.says(attempt(run, "a").pk, "success")
    answer = act(olga, "ask", [task(run, "a")])
    text = f"runner gpu-1 says success. Task {task(run, 'a').pk} (a) is success."
    assert messages_of(answer) == [("success", text)]
    assert Event.objects.get(event_type="task.asked").actor == "olga"


def test_silence_is_a_warning(olga: Client, run: WorkflowRun) -> None:
    Runner.objects.filter(name="gpu-1").update(url="http://127.0.0.1:9")
    [(level, text)] = messages_of(act(olga, "ask", [task(run, "a")]))
    assert level == "warning"
    assert text.startswith("no answer from gpu-1: it cannot be reached")


def test_declared_lost_task_fails_and_its_retry_warns(olga: Client, run: WorkflowRun) -> None:
    question = text_of(act(olga, "declare_lost", [task(run, "a")]))
    assert "Its runner is not asked any more" in question
    confirm(olga, "declare_lost", [task(run, "a")], "gpu-1 burned down")
    assert states(run) == {"a": "failed"}
    assert attempt(run, "a").message == "declared lost by olga: gpu-1 burned down"
    question = text_of(act(olga, "retry", [task(run, "a")]))
    assert "1 task may still run where it was given up: it may then run twice" in question
