"""Pages open for users with permission, and work under a strict content security policy."""

import re
from collections.abc import Iterator

import pytest
from django.db.models import Model
from django.test import Client

from runners.models import Runner
from tests.admin.conftest import ClientOf, add_url, list_url, press, url_of
from tests.support.actors import who
from tests.support.drawing import DrawRun, steps_of
from tests.support.verbs import attempt, dispatch_all, finish
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import (
    Approval,
    Event,
    LogPiece,
    Task,
    TaskAttempt,
    WorkflowRun,
    WorkflowTemplate,
)
from workflows.runs.creation import create_run

MODELS = (WorkflowTemplate, WorkflowRun, Task, TaskAttempt, Approval, Event, Runner)
INLINE = re.compile(
    r"<script(?![^>]*(?:\bsrc=|application/json))[^>]*>|<style|\sstyle=|\son\w+=|href=.javascript:",
    re.IGNORECASE,
)


@pytest.fixture
def busy_run(runs: DrawRun) -> WorkflowRun:
    """Return a run that has everything that a page can show."""
    runs("gate", requires_approval=True)
    run = runs("a > b, c", parameters={"day": "<b>2026</b>"}, payload={"python": "noop"})
    dispatch_all(run)
    LogPiece.objects.create(attempt=attempt(run, "a"), offset=0, text="<i>printed</i>")
    finish(run, "a", "failed", exit_code=3, message="<u>broken</u>", result={"rows": 1})
    return run


def pages() -> Iterator[str]:
    yield "/admin/"
    for model in MODELS:
        yield list_url(model)
        last = model._default_manager.order_by("pk").last()
        assert last
        yield url_of(last)
    for model in (WorkflowTemplate, WorkflowRun, Runner):
        yield add_url(model)
    yield url_of(TaskAttempt.objects.all()[0], "log")


def test_every_page_opens_without_inline_scripts_and_styles(
    root: Client, busy_run: WorkflowRun
) -> None:
    for page in pages():
        answer = root.get(page)
        assert answer.status_code == 200, page
        assert not INLINE.findall(answer.getvalue().decode()), page


def test_texts_of_runners_and_users_are_escaped(root: Client, busy_run: WorkflowRun) -> None:
    page = "".join(
        root.get(url_of(row)).content.decode()
        for row in (busy_run, *busy_run.tasks.all(), *TaskAttempt.objects.all())
    )

    assert "&lt;b&gt;2026" in page
    assert "&lt;i&gt;printed" in page
    assert "&lt;u&gt;broken" in page
    assert not re.search("<[biu]>", page)


def test_every_page_redirects_to_login_when_logged_out(busy_run: WorkflowRun) -> None:
    for page in pages():
        answer = Client().get(page)
        assert answer.status_code == 302, page
        assert answer["Location"].startswith("/admin/login/"), page


def test_staff_without_permissions_gets_403_on_every_page(
    client_of: ClientOf, busy_run: WorkflowRun
) -> None:
    for page in pages():
        if page != "/admin/":
            assert client_of(page).get(page).status_code == 403, page


def test_viewer_sees_lists_and_pages_without_buttons(viola: Client, busy_run: WorkflowRun) -> None:
    for model in MODELS:
        last: Model | None = model._default_manager.order_by("pk").last()
        assert last
        for page in (list_url(model), url_of(last)):
            html = viola.get(page).content.decode()
            assert 'name="action"' not in html, page
            assert 'name="_save"' not in html, page
            assert 'name="how"' not in html, page


def test_run_page_leaves_out_what_its_reader_may_not_view(
    client_of: ClientOf, busy_run: WorkflowRun
) -> None:
    html = client_of("ruth", "workflows.view_workflowrun").get(url_of(busy_run)).content.decode()

    assert [name for name in ("tasks", "attempts", "events") if f'id="{name}"' in html] == []


def test_step_names_are_escaped_in_sentences(olga: Client) -> None:
    steps = steps_of("a > c")
    steps[0]["step_id"], steps[1]["depends_on"] = "<b>a</b>", ["<b>a</b>"]
    template = create_template(parse_template({"name": "bold", "steps": steps}))
    run = create_run(template_id=template.pk, by=who("test"))
    press(olga, run)
    finish(run, "<b>a</b>", "failed")

    page = press(olga, run)
    html = olga.get(page["Location"]).content.decode()

    assert "Cannot start" in html
    assert "&lt;b&gt;a" in html
    assert "<b>a" not in html


@pytest.mark.parametrize("pk", ["0", "x", "9" * 30, "00000000-0000-0000-0000-000000000000"])
@pytest.mark.parametrize("model", MODELS)
def test_page_of_unknown_row_redirects_to_the_index(
    root: Client, busy_run: WorkflowRun, model: type[Model], pk: str
) -> None:
    answer = root.get(f"{list_url(model)}{pk}/change/")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
