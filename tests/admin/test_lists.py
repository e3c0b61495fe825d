"""Lists: what they show, in a constant number of statements."""

from collections.abc import Callable, Sequence

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken

from runners.models import Runner
from tests.admin.conftest import list_url, text_of
from tests.factories import RunFactory, RunnerFactory, TemplateFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, walk
from workflows.models import Approval, Event, Task, TaskAttempt, WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor
from workflows.runs.events import record


def make_deadlocked_run() -> None:
    run = RunFactory.create(template__drawing="a > b, c")
    dispatch_all(run)
    finish(run, "a", "failed", message="broken")
    finish(run, "c")


def make_gated_run() -> None:
    RunFactory.create(template__requires_approval=True)


def make_token() -> None:
    AuthToken.objects.create(User.objects.get(username="root"))


@pytest.mark.parametrize(
    ("models", "make"),
    [
        ((WorkflowTemplate, WorkflowRun, Task, TaskAttempt, Event), make_deadlocked_run),
        ((Approval,), make_gated_run),
        ((Runner,), RunnerFactory.create),
        ((AuthToken,), make_token),
    ],
)
def test_number_of_statements_does_not_grow_with_rows(
    root: Client, models: Sequence[type[Model]], make: Callable[[], object]
) -> None:
    make()
    one = {model: list_statements(root, model, rows=1) for model in models}
    for _ in range(29):
        make()

    thirty = {model: list_statements(root, model, rows=30) for model in models}

    assert thirty == one
    assert max(thirty.values()) <= 12


def list_statements(client: Client, model: type[Model], *, rows: int) -> int:
    """Return how many statements a list of at least this many rows takes."""
    with CaptureQueriesContext(connection) as statements:
        answer = client.get(list_url(model))
    assert len(answer.context["cl"].result_list) >= rows
    return len(statements)


def test_run_list_shows_state_counts_and_deadlock(root: Client, runs: DrawRun) -> None:
    run = runs("a > b, c", name="Sales")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "c")

    text = text_of(root.get(list_url(WorkflowRun)))

    assert f"run {run.pk} Sales, version 1 failed 1 blocked 1 of 3 1 pending 1 failed" in text
    assert "1 task can never run because a failed. Retry," in text


@pytest.mark.parametrize("search", ["Sales", "anna", "{pk}"])
def test_search_finds_runs_by_number_template_and_initiator(
    root: Client, runs: DrawRun, search: str
) -> None:
    found = RunFactory.create(template__name="Sales", initiated_by="anna")
    runs("a", name="Other")

    answer = root.get(list_url(WorkflowRun), {"q": search.format(pk=found.pk)})

    assert list(answer.context["cl"].result_list) == [found]


def test_runs_are_filtered_by_state_and_template(root: Client, runs: DrawRun) -> None:
    done = runs("a", name="Sales")
    template = TemplateFactory.create(name="Other")
    other = RunFactory.create(template=template)
    walk(done, "a")

    by_state = root.get(list_url(WorkflowRun), {"state__exact": "success"})
    by_template = root.get(list_url(WorkflowRun), {"template__id__exact": template.pk})

    assert list(by_state.context["cl"].result_list) == [done]
    assert list(by_template.context["cl"].result_list) == [other]


def test_tasks_of_one_run_are_listed_in_template_order(root: Client, runs: DrawRun) -> None:
    runs("x > y")
    run = runs("c > b > a")

    answer = root.get(list_url(Task), {"run": run.pk})

    assert [str(task) for task in answer.context["cl"].result_list] == ["c", "b", "a"]
    assert f"workflow run {run.pk}" in text_of(answer)  # the filter that is on


@pytest.mark.parametrize("model", [Task, TaskAttempt, Event])
@pytest.mark.parametrize("value", ["x", "-1", "1e9", "9" * 40, "٣"])
def test_filter_by_invalid_id_finds_nothing(
    root: Client, runs: DrawRun, model: type[Model], value: str
) -> None:
    walk(runs("a"), "a")

    answer = root.get(list_url(model), {"run": value})

    assert (answer.status_code, len(answer.context["cl"].result_list)) == (200, 0)


def test_attempts_and_events_are_filtered_by_run_and_task(root: Client, runs: DrawRun) -> None:
    run = runs("a, b")
    walk(run, "a", "b")
    walk(runs("a"), "a")
    task = run.tasks.get(step_id="b")

    for model, of_run, of_task in ((TaskAttempt, 2, 1), (Event, 9, 3)):
        by_run = root.get(list_url(model), {"run": run.pk})
        by_task = root.get(list_url(model), {"task": task.pk})
        assert len(by_run.context["cl"].result_list) == of_run
        assert len(by_task.context["cl"].result_list) == of_task


def test_event_of_another_app_and_of_no_run_is_shown_and_filtered(
    root: Client, runs: DrawRun
) -> None:
    runs("a")
    missed = record("schedule.missed", by=Actor(via="schedule"), reason="nobody looked")

    page = root.get(list_url(Event), {"event_type__exact": "schedule.missed"})

    assert [*page.context["cl"].result_list] == [missed]
    assert "schedule.missed" in text_of(page)
    shown = text_of(root.get(f"/admin/workflows/event/{missed.pk}/change/"))
    assert "nobody looked" in shown
    assert "task.submit_failed" in text_of(root.get(list_url(Event)))  # offered by the filter
    other = root.get(list_url(Event), {"event_type__exact": "x"})
    assert [*other.context["cl"].result_list] == []
    assert root.get(list_url(Event), {"event_type__exact": "\0"}).status_code == 400


def test_template_list_shows_version_and_number_of_steps(root: Client, runs: DrawRun) -> None:
    runs("a > b > c", name="Sales")

    assert "Sales 1 3 runs" in text_of(root.get(list_url(WorkflowTemplate)))


def test_token_list_does_not_show_digests(root: Client) -> None:
    make_token()
    token = AuthToken.objects.get()

    text = text_of(root.get(list_url(AuthToken)))

    assert token.token_key in text
    assert token.digest not in text
