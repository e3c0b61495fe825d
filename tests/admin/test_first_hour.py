"""The checklist of the first hour on the dashboard."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from knox.models import AuthToken

from tests.admin.conftest import OPERATE, VIEW_ALL, ClientOf, text_of, url_of
from tests.factories import RunFactory, UserFactory
from tests.support.actors import who
from tests.support.threads import at_once
from workflows import presence
from workflows.admin.dashboard.first_hour import FEW_RUNS
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.operations.first_hour import start_example

INDEX = "/admin/"
DO = "/admin/workflows/workflowrun/first-hour"


def lines(client: Client) -> dict[str, bool]:
    """Return what the checklist has, and what of it is done."""
    shown = client.get(INDEX).context.get("first_hour", [])
    return {line.title: line.is_done for line in shown}


def test_each_line_is_done_once_its_rows_are_there(root: Client) -> None:
    todo = ["Run an example", "A runner that serves", "A colleague", "A token"]
    assert lines(root) == dict.fromkeys(todo, False)
    assert "python manage.py local_runner" in text_of(root.get(INDEX))

    RunFactory.create()
    assert [title for title, done in lines(root).items() if done] == ["Run an example"]
    presence.seen(kind="local runner", serves=["local"])
    UserFactory.create()
    assert [title for title, done in lines(root).items() if not done] == ["A token"]
    AuthToken.objects.create(User.objects.get(username="root"))
    assert lines(root) == {}


def test_button_loads_the_example_starts_it_once_and_leads_to_the_run(root: Client) -> None:
    html = root.get(INDEX).content.decode()
    assert f'action="{DO}/example/"' in html

    first: Any = root.post(f"{DO}/example/")
    again: Any = root.post(f"{DO}/example/")

    run = WorkflowRun.objects.get()
    assert first.url == again.url == url_of(run)
    assert (run.template_name, run.auto_dispatch, run.initiated_by) == ("first-hour", True, "root")
    assert root.get(f"{DO}/example/").status_code == 405


def test_reader_sees_no_checklist_and_may_press_nothing(viola: Client, client_of: ClientOf) -> None:
    assert lines(viola) == {}
    refused = viola.post(f"{DO}/example/")
    assert (refused.status_code, WorkflowTemplate.objects.count()) == (403, 0)

    starter = client_of("stan", "workflows.add_workflowrun", OPERATE, *VIEW_ALL)
    assert list(lines(starter)) == ["A token"]
    assert "workflows.add_workflowtemplate" in text_of_refusal(starter.post(f"{DO}/example/"))


def text_of_refusal(answer: Any) -> str:
    assert answer.status_code == 403
    return str(answer.content.decode())


def test_checklist_is_gone_once_dismissed_or_when_runs_are_no_news(root: Client) -> None:
    assert root.post(f"{DO}/dismiss/").headers["Location"] == INDEX
    assert lines(root) == {}
    root.cookies.pop("first_hour_dismissed")
    assert lines(root)

    RunFactory.create_batch(FEW_RUNS + 1)
    assert lines(root) == {}


@pytest.mark.django_db(transaction=True)
def test_several_people_at_once_make_one_template_and_one_run() -> None:
    made = at_once([lambda: start_example(by=who("ada"))] * 4)

    [run] = WorkflowRun.objects.all()
    assert (made, WorkflowTemplate.objects.count()) == ([run] * 4, 1)
