"""Lists: what they show, in a constant number of statements."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken

from runners.models import Runner
from tests.admin.conftest import ClientOf, list_url, text_of
from tests.factories import RunFactory, RunnerFactory, TemplateFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, walk
from workflows.admin.tasks import TaskAdmin
from workflows.admin.templates.overview import overview_url
from workflows.admin.ui.lists import GrowingAdmin
from workflows.db import counting
from workflows.models import (
    Approval,
    Event,
    Task,
    TaskAttempt,
    WorkflowRun,
    WorkflowTemplate,
)
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

    assert f"{run.pk} failed Sales v1" in text
    assert "a failed, and 1 task waits for it. Retry," in text
    assert "1 of 3" in text


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
    assert f"Workflow run {run.pk}" in text_of(answer)  # the filter that is on


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


def test_template_list_shows_how_the_latest_runs_went(
    root: Client, client_of: ClientOf, runs: DrawRun
) -> None:
    run = runs("a > b > c", name="Sales")
    dispatch_all(run)
    finish(run, "a", "failed")

    answer = root.get(list_url(WorkflowTemplate))

    assert "Sales run 1: failed" in text_of(answer).replace(f"run {run.pk}", "run 1")
    assert re.search(r"0 % – – 3 v1, [-\d: ]+ Run…", text_of(answer))
    assert f'href="{overview_url(run.template_id or 0)}"' in answer.content.decode()
    assert f"?template={run.template_id}" in answer.content.decode()
    blind = client_of("blind", "workflows.view_workflowtemplate")
    assert "failed" not in text_of(blind.get(list_url(WorkflowTemplate)))


def test_token_list_does_not_show_digests(root: Client) -> None:
    make_token()
    token = AuthToken.objects.get()

    text = text_of(root.get(list_url(AuthToken)))

    assert token.token_key in text
    assert token.digest not in text


@pytest.fixture
def many(runs: DrawRun, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make more tasks than are counted, shown on a page or searched; return their ids."""
    monkeypatch.setattr(counting, "MOST_COUNTED", 4)
    monkeypatch.setattr(GrowingAdmin, "most_searched", 4)
    monkeypatch.setattr(TaskAdmin, "list_per_page", 2)
    run = runs("old > b > c > d > e > f > new")
    return list(run.tasks.order_by("-pk").values_list("pk", flat=True))


def shown(page: Any) -> list[int]:
    return [row.pk for row in page.context["cl"].result_list]


def test_last_page_that_can_be_opened_leads_on_to_all_other_rows(
    root: Client, many: list[int]
) -> None:
    far = root.get(list_url(Task), {"p": "100000"})
    following = root.get(list_url(Task) + far.context["cl"].go_on)

    assert shown(far) == many[2:4]
    assert "Only the first 4 rows of a list are shown page by page" in text_of(far)
    assert "more than 4 tasks Go on from here" in text_of(far) or "about" in text_of(far)
    assert shown(following) == many[4:6]
    assert "3 tasks" in text_of(following)
    assert "Go on from here" not in text_of(following)


def test_search_says_how_far_it_has_looked(root: Client, many: list[int]) -> None:
    near, far = (root.get(list_url(Task), {"q": word}) for word in ("new", "old"))
    exactly = root.get(list_url(Task) + far.context["cl"].exact)

    assert (shown(near), shown(far), shown(exactly)) == (many[:1], [], many[-1:])
    assert "Searched the first 4 tasks of this list" in text_of(far)
    assert "Searched" not in text_of(root.get(list_url(Approval), {"q": "new"}))


@pytest.mark.parametrize(
    ("model", "column", "is_ordered"),
    [(Task, 3, True), (Task, 4, False), (Event, 0, True), (Event, 1, False), (Task, 99, False)],
)
def test_lists_are_ordered_by_columns_with_an_index_alone(
    root: Client, runs: DrawRun, model: type[Model], column: int, is_ordered: bool
) -> None:
    for _ in range(2):
        runs("a > b")
    usual, reverse = (shown(root.get(list_url(model), query)) for query in ({}, {"o": str(column)}))

    assert (usual != reverse) == is_ordered


def test_list_that_is_filtered_by_date_is_ordered_by_it(root: Client, runs: DrawRun) -> None:
    first, second = runs("a"), runs("a")
    for run, minute in ((first, 30), (second, 10)):
        Task.objects.filter(run=run).update(finished_at=datetime(2026, 1, 2, 3, minute, tzinfo=UTC))
    span = {
        "finished_at__gte": "2026-01-02 00:00:00+00:00",
        "finished_at__lt": "2026-01-03 00:00:00+00:00",
    }

    page = root.get(list_url(Task), span)

    assert [row.run_id for row in page.context["cl"].result_list] == [first.pk, second.pk]
    wrong = root.get(list_url(Task), {"finished_at__gte": "soon"})
    assert wrong.status_code in {302, 400}


def test_span_of_time_is_typed_or_said(root: Client, runs: DrawRun) -> None:
    run, old = runs("a"), runs("a")
    night = datetime(2026, 1, 2, 3, 30, tzinfo=UTC)
    WorkflowRun.objects.filter(pk=old.pk).update(created_at=night)
    typed = {"created_at__gte": "2026-01-02T02:00", "created_at__lt": "2026-01-02T06:00"}

    page = root.get(list_url(WorkflowRun), {**typed, "state__exact": "created"})

    assert [row.pk for row in page.context["cl"].result_list] == [old.pk]
    assert "Created 2026-01-02 02:00 – 06:00" in text_of(page)
    assert 'name="created_at__gte" value="2026-01-02T02:00"' in page.content.decode()
    assert '<input type="hidden" name="state__exact" value="created">' in page.content.decode()
    for said in ("24h", "today", "7d"):
        page = root.get(list_url(WorkflowRun), {"created_at__gte": said, "created_at__lt": ""})
        assert [row.pk for row in page.context["cl"].result_list] == [run.pk]
