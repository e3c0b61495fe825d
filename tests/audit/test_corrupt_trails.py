"""Impossible events are found and named."""

from collections.abc import Callable

import pytest
from django.db.models import QuerySet

from tests.audit.conftest import as_by_earlier_release, findings
from tests.factories import TaskFactory
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch_all, finish, task
from workflows.audit.verify import verify_run
from workflows.models import Event, EventType, WorkflowRun

Lines = Callable[..., QuerySet[Event]]


@pytest.fixture
def lines(eventful: WorkflowRun) -> Lines:
    """Return events of the eventful run: `lines("task.running", "a")`."""

    def find(event_type: str, name: str | None = None) -> QuerySet[Event]:
        of = task(eventful, name) if name else None
        return Event.objects.filter(run=eventful, event_type=event_type, task=of)

    return find


def again(event: Event) -> int:
    """Record an event again at the end; return its id."""
    return Event.objects.create(
        event_type=event.event_type, run=event.run, task=event.task, payload=event.payload
    ).pk


@pytest.mark.parametrize(
    ("event_type", "name", "expected"),
    [
        ("task.created", "c", "task.created from: expected nothing before, found pending"),
        ("task.dispatched", "b", "task.dispatched from: expected pending, found running"),
        ("task.running", "a", "task.running from: expected dispatched, found success"),
        ("task.succeeded", "a", "expected dispatched or running, found success"),
        ("task.failed", "b", "task.failed of attempt: expected"),
        ("task.held", "c", "task.held: expected a task that is not on hold, found on hold"),
        ("task.released", "d", "task.released: expected a task that is on hold"),
        ("approval.pending", "d", "expected a task that is not waiting for approval"),
        ("workflow_run.created", None, "from: expected nothing before, found running"),
        ("workflow_run.running", None, "expected created or failed or success, found running"),
    ],
)
def test_duplicate_event_is_found(
    eventful: WorkflowRun, lines: Lines, event_type: str, name: str | None, expected: str
) -> None:
    event_id = again(lines(event_type, name).earliest("id"))
    found = next(each for each in verify_run(eventful.pk) if each.event_id == event_id)
    assert expected in found.sentence
    assert found.task_id == (task(eventful, name).pk if name else None)


def test_report_about_another_attempt_is_found(eventful: WorkflowRun, lines: Lines) -> None:
    lines("task.succeeded", "a").update(payload={"attempt_id": "another"})
    [found] = findings(eventful)
    attempt = task(eventful, "a").attempts.get().pk
    assert f"task.succeeded of attempt: expected {attempt}, found another" in found


def test_second_end_of_an_attempt_is_found(eventful: WorkflowRun, lines: Lines) -> None:
    # As if the retry of b had not led to another attempt.
    dispatched = lines("task.dispatched", "b").latest("id")
    dispatched.event_type = EventType.TASK_RUNNING
    dispatched.save()
    found = findings(eventful)
    assert any("an open one, found ended" in each for each in found)


def test_dispatch_before_dependencies_succeeded_is_found(
    eventful: WorkflowRun, lines: Lines
) -> None:
    lines("task.succeeded", "a").delete()
    expected = f"it waits for task {task(eventful, 'a').pk} (running)"
    assert any(expected in each for each in findings(eventful))


@pytest.mark.parametrize(
    ("event_type", "name", "what"),
    [("task.held", "c", "a release"), ("approval.pending", "d", "an approval")],
)
def test_dispatch_without_approval_or_release_is_found(
    eventful: WorkflowRun, lines: Lines, event_type: str, name: str, what: str
) -> None:
    lines(event_type, name).update(task=task(eventful, "a"))
    dispatched = lines("task.dispatched", "a").get()
    [found, *_] = findings(eventful)
    assert f"event {dispatched.pk}, task {dispatched.task_id}: dispatch" in found
    assert f"it waits for {what}" in found


@pytest.mark.parametrize("state", ["paused", "aborted"])
def test_dispatch_from_a_paused_or_aborted_run_is_found(
    eventful: WorkflowRun, lines: Lines, state: str
) -> None:
    lines("workflow_run.paused").update(event_type=f"workflow_run.{state}")
    lines("workflow_run.resumed").delete()
    dispatched = lines("task.dispatched", "b").latest("id")
    expected = f"dispatch, of the run: expected created or running, found {state}"
    where = f"workflow run {eventful.pk}, event {dispatched.pk}, task {dispatched.task_id}"
    assert findings(eventful)[0] == f"{where}: {expected}"


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("workflow_run.succeeded", "expected no task that is pending, found 2"),
        ("workflow_run.succeeded", "expected no task that is running, found 1"),
        ("workflow_run.failed", "expected no task that is running, found 1"),
        ("workflow_run.failed", "expected a failed or canceled task, found none"),
    ],
)
def test_run_end_that_its_tasks_do_not_allow_is_found(
    eventful: WorkflowRun, event_type: str, expected: str
) -> None:
    made = Event.objects.create(event_type=event_type, run=eventful)
    name = f"workflow run {eventful.pk}, event {made.pk}: {event_type}: {expected}"
    assert name in findings(eventful)


def test_open_run_without_anything_left_to_do_is_found(runs: DrawRun, script: Script) -> None:
    run = runs("a")
    dispatch_all(run)
    finish(run, "a")
    as_by_earlier_release(run)
    Event.objects.filter(run=run, event_type="workflow_run.succeeded").delete()
    WorkflowRun.objects.filter(pk=run.pk).update(state="running", finished_at=None)
    [finding] = findings(run)
    assert finding == (
        f"workflow run {run.pk}: nothing can happen any more: "
        "expected a finished run, found running"
    )


def test_failed_run_that_could_continue_is_found(runs: DrawRun, script: Script) -> None:
    run = runs("a > b")
    dispatch_all(run)
    finish(run, "a", "failed")
    Event.objects.create(event_type="task.retried", run=run, task=task(run, "a"))
    assert any("tasks can continue: expected an open run" in each for each in findings(run))


def test_cancel_request_for_an_inactive_task_is_found(eventful: WorkflowRun) -> None:
    c = task(eventful, "c")
    Event.objects.create(event_type="task.cancel_requested", run=eventful, task=c)
    [found, *_] = findings(eventful)
    assert "expected a task that is active, found not active" in found


def test_event_of_a_task_outside_the_run_is_found(eventful: WorkflowRun) -> None:
    stranger = TaskFactory.create()
    Event.objects.create(event_type="task.created", run=eventful, task=stranger)
    found = f"task {stranger.pk}: task: expected a task of the run"
    assert any(found in each for each in findings(eventful))


def test_task_without_events_is_found(eventful: WorkflowRun) -> None:
    stranger = TaskFactory.create(run=eventful, position=9)
    [found] = findings(eventful)
    assert f"task {stranger.pk}: state: expected no event of its creation" in found


def test_deleted_trail_is_found(eventful: WorkflowRun) -> None:
    Event.objects.filter(run=eventful).delete()
    expected = "state: expected no event of its creation, found running"
    assert f"workflow run {eventful.pk}: {expected}" in findings(eventful)
