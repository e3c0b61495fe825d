"""The admin while the database refuses: a page of ours, without user and session."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.admin.conftest import ClientOf
from tests.factories import RunFactory
from tests.support.refusing import refusing
from workflows.models import WorkflowRun

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

REFUSING = "The database refuses this at the moment; try again in 5 s."
OPERATE = ("workflows.view_workflowrun", "workflows.operate_workflowrun")


def page(answer: object) -> str:
    """Return the text of the page of a 503."""
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")  # type: ignore[attr-defined, index]
    text: str = answer.content.decode()  # type: ignore[attr-defined]
    assert "<title>Try again in a moment | Orchestrator" in text
    assert "workflows/theme.css" in text
    assert "<b>no</b>" not in text
    return text


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/admin/", "django_session"),  # who asks cannot be read
        ("/admin/", "auth_user"),
        ("/admin/", "workflows_workflowrun"),
        ("/admin/workflows/workflowrun/", 'FROM "workflows_workflowrun"'),
        ("/admin/workflows/event/", 'FROM "workflows_event"'),  # while the list is rendered
        ("/admin/workflows/workflowrun/{run}/change/", "workflows_task"),
        ("/admin/workflows/workflowrun/{run}/graph/", "workflows_taskdependency"),
    ],
)
def test_page_that_cannot_be_read(client_of: ClientOf, path: str, part: str) -> None:
    run = RunFactory.create(template__drawing="a > b")
    client = client_of("ada", is_superuser=True)
    place = f"{path.format(run=run.pk)}?q=<i>"
    with refusing(part, "53300"):
        text = page(client.get(place))
    assert REFUSING in text
    assert "Try again</a>" in text
    assert "<i>" not in text
    assert client.get(path.format(run=run.pk)).status_code == 200


def test_session_that_cannot_be_stored_is_no_logout(db: None) -> None:
    """Django says 400: "The user may have logged out in a concurrent request"."""
    User.objects.create_superuser("ada", password="pw")
    client = Client()
    form = {"username": "ada", "password": "pw", "next": "/admin/"}
    for part in ('INSERT INTO "django_session"', 'UPDATE "django_session"', 'UPDATE "auth_user"'):
        with refusing(part, "25006"):
            answer = client.post("/admin/login/", form)
        if answer.status_code != 302:
            page(answer)
            assert not answer.cookies.get("sessionid")
    client.post("/admin/login/", form)
    with refusing('UPDATE "django_session"', "25006"):
        session_changed = client.post(
            "/admin/workflows/workflowrun/",
            {"action": "pause", "_selected_action": "77", "index": "0"},
        )
    assert session_changed.status_code in {302, 503}


def test_operation_that_is_refused_changes_nothing(client_of: ClientOf) -> None:
    run = RunFactory.create(template__drawing="a")
    client = client_of("ada", *OPERATE)
    with refusing("INSERT INTO", "57P01"):
        answer = client.post(
            f"/admin/workflows/workflowrun/{run.pk}/dispatch-ready/", {"how": "one"}
        )
    text = page(answer)
    assert "The database does not answer" in text
    assert "may have been done" not in text
    assert "Back to the dashboard" in text
    assert WorkflowRun.objects.get().state == "created"


def test_page_after_a_commit_says_that_something_may_have_been_done(client_of: ClientOf) -> None:
    runs = RunFactory.create_batch(2, template__drawing="a")
    client = client_of("ada", *OPERATE)
    action = {"action": "pause", "_selected_action": [run.pk for run in runs], "confirmed": "1"}
    with refusing("IN (", "57P01", after=4):  # reading the rows again, to show what became of them
        answer = client.post("/admin/workflows/workflowrun/", {**action, "reason": ""})
    assert "may have been done" in page(answer)
