"""An action on many rows is answered with one panel: counts, and what came of each row."""

import re

from django.contrib.messages import get_messages
from django.test import Client

from tests.admin.conftest import act, confirm, list_url, messages_of, outcomes_of, text_of, url_of
from tests.factories import TaskFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, task
from workflows import operations
from workflows.models import Task, WorkflowRun


def test_panel_begins_with_counts_and_refusals(olga: Client, runs: DrawRun) -> None:
    run = runs("a, b, c > d")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "c", "canceled")
    tasks = [task(run, step_id) for step_id in "abcd"]

    answer = confirm(olga, "retry", tasks, "the disk was full")

    [(level, text)] = messages_of(answer)
    assert level == "warning"
    assert text.split()[:5] == ["Retry", "4", "tasks", "2", "refused"]
    assert [word for word, _ in outcomes_of(answer)] == ["refused", "refused", "done", "done"]


def test_each_line_links_to_its_row_and_shows_its_state_now(olga: Client, runs: DrawRun) -> None:
    run, other = runs("a"), runs("b", name="Sales")
    operations.pause(other.pk, by=who("test"))

    page = str(*get_messages(confirm(olga, "pause", [run, other]).wsgi_request))

    assert f'<a href="{url_of(run)}">{run}</a>' in page
    assert f'<a href="{url_of(other)}">{other}</a>' in page
    assert page.count('<span class="badge badge-paused">paused</span>') == 2
    assert "<small>Sales</small>" in page


def test_outcome_without_effect_is_neither_done_nor_refused(olga: Client, runs: DrawRun) -> None:
    ready, idle = runs("a"), runs("a")
    dispatch_all(idle)

    answer = act(olga, "dispatch_ready", [ready, idle])

    assert outcomes_of(answer) == [
        ("without effect", f"Workflow run {idle.pk}: Nothing was dispatched: no ready tasks."),
        ("done", f"Workflow run {ready.pk}: Dispatched a to runner local."),
    ]


def test_panel_lists_every_row_of_many(olga: Client) -> None:
    tasks = TaskFactory.create_batch(120)

    confirm(olga, "cancel", tasks)

    page = olga.get(list_url(Task)).content.decode()
    panel = re.search(r'<div class="outcome">.*?</table>', page, re.DOTALL)
    assert panel is not None
    assert "120 done" in panel[0]
    assert all(f'href="{url_of(each)}"' in panel[0] for each in tasks)
    assert 'class="outcome"' not in olga.get(list_url(Task)).content.decode()


def test_titles_in_panel_are_escaped(olga: Client) -> None:
    tasks = [TaskFactory.create(title="<script>alert(1)</script>") for _ in range(2)]

    confirm(olga, "cancel", tasks)

    page = olga.get(list_url(Task)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_outcome_of_one_row_is_a_message(olga: Client, runs: DrawRun) -> None:
    run = runs("a")

    confirm(olga, "pause", [run])

    assert f"Workflow run {run.pk} is paused." in text_of(olga.get(list_url(WorkflowRun)))
    assert 'class="outcome"' not in olga.get(list_url(WorkflowRun)).content.decode()
