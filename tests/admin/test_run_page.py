"""The page of a run: everything about it, in a constant number of statements."""

from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import list_url, text_of, url_of
from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, dispatch_some, finish, task
from workflows.models import Approval, Event, Task, TaskAttempt, WorkflowRun
from workflows.operations import approvals as operations
from workflows.operations.runs import pause


def worked_on(steps: int) -> WorkflowRun:
    """Return a deadlocked run of so many steps and one more, most of them attempted."""
    run = RunFactory.create(template__drawing=", ".join(f"s{n} > end" for n in range(steps)))
    dispatch_all(run)
    for number in range(steps):
        finish(run, f"s{number}", "failed" if number % 2 else "success")
    dispatch_all(run)
    return run


def test_statements_of_run_page_do_not_grow_with_tasks(
    root: Client,
) -> None:
    small, large = worked_on(2), worked_on(60)
    root.get(url_of(small))  # what is read once per process has been read
    with CaptureQueriesContext(connection) as few:
        root.get(url_of(small))

    with CaptureQueriesContext(connection) as many:
        answer = root.get(url_of(large))

    assert answer.status_code == 200
    assert len(many) == len(few) <= 28


def test_page_shows_state_counts_template_and_parameters(root: Client) -> None:
    template = TemplateFactory.create(name="Sales")
    run = RunFactory.create(
        template=template, initiated_by="anna", parameters={"day": "2026-01-31"}
    )

    text = text_of(root.get(url_of(run)))

    assert f"Run {run.pk} · Sales v1 created 0 of 2 steps" in text
    assert "for anna day 2026-01-31" in text
    assert "Sales, version 1" in text
    assert '{ "day": "2026-01-31" }' in text
    assert f'href="{url_of(template, "overview")}"' in root.get(url_of(run)).content.decode()


def test_single_approval_that_is_suggested_is_not_announced_again(
    root: Client, runs: DrawRun
) -> None:
    run = runs("deploy", requires_approval=True)

    page = root.get(url_of(run)).content.decode()

    assert "waits for approval" in page
    assert 'id="approvals"' not in page


def test_approval_that_is_not_suggested_is_announced(root: Client, runs: DrawRun) -> None:
    run = runs("build > deploy", requires_approval=True)
    operations.reject(Approval.objects.get(task__step_id="build").pk, by=who("eve"))

    assert "1 task waits for approval" in text_of(root.get(url_of(run)))


def test_only_the_remedy_of_a_failure_is_highlighted(root: Client, runs: DrawRun) -> None:
    run = runs("build > deploy")
    dispatch_all(run)
    finish(run, "build", "failed")

    page = root.get(url_of(run)).content.decode()

    assert page.count('class="button default"') == 1
    assert 'class="button default" name="action" value="retry"' in page
    assert 'class="button leads-to-danger" name="action" value="cancel_rest"' in page


def test_page_of_a_run_whose_template_was_deleted_opens(root: Client) -> None:
    template = TemplateFactory.create(name="Sales")
    run = RunFactory.create(template=template)
    template.delete()

    assert "Sales, version 1 (deleted)" in text_of(root.get(url_of(run)))


def test_deadlock_is_explained_with_links_to_its_root_causes(root: Client, runs: DrawRun) -> None:
    run = runs("a > b > c, x")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "x")

    page = root.get(url_of(run))

    assert "a failed, and 2 tasks wait for it." in text_of(page)
    deadlock = page.content.decode().split('id="run-sentence"')[1].split("</p>")[0]
    assert f'<a href="{url_of(task(run, "a"))}">a</a>' in deadlock


def test_failed_run_with_ready_tasks_is_not_called_deadlocked(root: Client, runs: DrawRun) -> None:
    run = runs("a > b, x")
    dispatch_all(run)
    finish(run, "a", "failed")

    assert "for it" not in text_of(root.get(url_of(run)))


def test_waiting_tasks_are_explained_with_links(root: Client, runs: DrawRun) -> None:
    run = runs("a > b > c, x")
    dispatch_some(run, 1)
    finish(run, "a", "failed", message="exit code 3")

    page = root.get(url_of(run))

    text = (
        "Waiting tasks, and why they wait Task Why "
        "x Ready: the next dispatch takes it. "
        "b Cannot start: a failed (exit code 3). "
        "c Cannot start: a failed (exit code 3)."
    )
    assert text in text_of(page)
    waiting = page.content.decode().split('id="waiting"')[1].split("</section>")[0]
    assert f'<a href="{url_of(task(run, "a"))}">a</a> failed' in waiting


def test_only_the_first_waiting_tasks_are_explained(root: Client, runs: DrawRun) -> None:
    run = runs(" > ".join(f"s{number}" for number in range(30)))

    page = root.get(url_of(run))

    assert len(page.context["waiting_tasks"]) == 10
    assert "The first 10 of 30. All pending tasks" in text_of(page)
    pending = f"{list_url(Task)}?run={run.pk}&amp;state__exact=pending"
    assert pending in page.content.decode()
    assert len(root.get(unescape(pending)).context["cl"].result_list) == 30


def test_paused_run_and_its_tasks_say_that_nothing_is_dispatched(
    root: Client, runs: DrawRun
) -> None:
    run = runs("a")
    pause(run.pk, by=who("test"))

    assert "Paused by test since 20" in text_of(root.get(url_of(run)))
    sentence = "Nothing is dispatched until it is resumed."
    assert sentence in text_of(root.get(url_of(task(run, "a"))))


def test_tasks_are_paged_in_template_order_with_link_to_the_list(
    root: Client, runs: DrawRun
) -> None:
    run = runs(", ".join(f"s{number}" for number in range(30)))

    first, second = root.get(url_of(run)), root.get(url_of(run), {"page": "2"})

    names = [f"s{number}" for number in range(30)]
    assert [str(each) for each in first.context["tasks"]] == names[:25]
    assert [str(each) for each in second.context["tasks"]] == names[25:]
    assert "page 2 of 2" in text_of(second)
    assert f"{list_url(Task)}?run={run.pk}" in first.content.decode()


@pytest.mark.parametrize("page", ["0", "x", "99", "9" * 30, "-1"])
def test_invalid_page_number_shows_an_existing_page(root: Client, runs: DrawRun, page: str) -> None:
    assert root.get(url_of(runs("a")), {"page": page}).status_code == 200


def test_latest_attempts_and_events_link_to_their_lists(root: Client) -> None:
    run = worked_on(20)

    page = root.get(url_of(run))

    assert len(page.context["attempts"]) == len(page.context["events"]) == 15
    newest = Event.objects.filter(run=run).latest("id")
    assert page.context["events"][0] == newest
    html = page.content.decode()
    assert f"{list_url(Event)}?run={run.pk}" in html
    assert f"{list_url(TaskAttempt)}?run={run.pk}" in html
