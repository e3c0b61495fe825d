"""The search box, the API and the command find the same; views keep searches."""

import io

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from tests.admin.conftest import messages_of, text_of
from tests.factories import UserFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from workflows.models import SavedView, WorkflowRun
from workflows.models.label import labels_of
from workflows.operations import label
from workflows.search import find

pytestmark = pytest.mark.django_db
LIST = reverse("admin:workflows_workflowrun_changelist")
ADD_VIEW = reverse("admin:workflows_savedview_add")
VIEW = ("workflows.view_workflowrun",)


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    """Return one of two runs, the one with a label."""
    run, _ = runs("a"), runs("b")
    label(run.pk, labels={"team": "data eng"}, by=who("test"))
    return run


def person(name: str, *permissions: str) -> User:
    user: User = UserFactory.create(username=name, is_staff=True)
    codenames = [name.partition(".")[2] for name in permissions]
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return user


def client_of(name: str, *permissions: str) -> Client:
    client = Client()
    client.force_login(person(name, *permissions))
    return client


@pytest.fixture
def api() -> APIClient:
    """Return a client of somebody who may see runs alone."""
    client = APIClient()
    client.force_authenticate(person("paul", *VIEW))
    return client


def test_each_door_finds_the_same(run: WorkflowRun, api: APIClient) -> None:
    query = 'label:team="data eng"'
    rows = api.get("/workflow-runs", {"q": query}).json()["results"]
    assert [(row["id"], row["labels"]) for row in rows] == [(run.pk, {"team": "data eng"})]
    out = io.StringIO()
    call_command("runs", query, stdout=out)
    assert [line.split()[0] for line in out.getvalue().splitlines()] == ["run", str(run.pk)]
    page = client_of("viola", *VIEW).get(LIST, {"q": query})
    assert [row.pk for row in page.context["cl"].result_list] == [run.pk]
    # Its label is a link to the search for it.
    assert "q=label%3Ateam%3D%22data+eng%22" in page.content.decode()


def test_each_door_says_what_it_does_not_understand(run: WorkflowRun, api: APIClient) -> None:
    why = "state:faild is no state; did you mean 'failed'?"
    refused = api.get("/workflow-runs", {"q": "state:faild"})
    assert (refused.status_code, refused.json()) == (400, {"q": [why]})
    with pytest.raises(CommandError, match="did you mean 'failed'"):
        call_command("runs", "state:faild")
    page = client_of("viola", *VIEW).get(LIST, {"q": "state:faild"})
    assert messages_of(page) == [("error", f"The search was not understood. {why}")]


def test_who_may_not_see_tasks_cannot_search_their_messages(
    run: WorkflowRun, api: APIClient
) -> None:
    for word, permission in {
        "message": "view_task",
        "log": "view_task",
        "note": "view_event",
    }.items():
        refused = api.get("/workflow-runs", {"q": f"{word}:x"})
        assert f"this needs the permission workflows.{permission}" in refused.json()["q"][0]
    page = client_of("viola", *VIEW).get(LIST, {"q": "message:x"})
    assert "this needs the permission" in messages_of(page)[0][1]


def test_view_is_saved_offered_and_deleted_by_its_owner_alone(run: WorkflowRun) -> None:
    viola, other = client_of("viola", *VIEW), client_of("otto", *VIEW)
    data = {"name": "ours", "query": "state:faild", "is_shared": "on"}
    assert "did you mean &#x27;failed&#x27;?" in viola.post(ADD_VIEW, data).content.decode()
    saved = viola.post(ADD_VIEW, {**data, "query": "label:team"})
    assert saved.headers["Location"] == f"{LIST}?q=label%3Ateam"
    assert (
        "another view of this name" in viola.post(ADD_VIEW, {**data, "query": "x"}).content.decode()
    )
    view = SavedView.objects.get()
    assert (view.owner_name, view.is_shared) == ("viola", True)
    assert "ours (viola)" in text_of(other.get(LIST))
    change = reverse("admin:workflows_savedview_change", args=[view.pk])
    delete = reverse("admin:workflows_savedview_delete", args=[view.pk])
    assert other.post(change, {**data, "query": "x"}).status_code == 403
    assert other.post(delete, {"post": "yes"}).status_code == 403
    out = io.StringIO()
    call_command("runs", view="ours", stdout=out)
    assert str(run.pk) in out.getvalue()
    assert viola.post(change, {"name": "ours", "query": "label:team"}).status_code == 302
    assert other.get(change).status_code == 302  # it is shared no longer
    assert viola.post(delete, {"post": "yes"}).status_code == 302
    with pytest.raises(CommandError, match="saved view 'ours' not found"):
        call_command("runs", view="ours")


def test_operators_change_labels_and_write_notes(run: WorkflowRun) -> None:
    olga = client_of("olga", *VIEW, "workflows.operate_workflowrun", "workflows.view_event")
    page = reverse("admin:workflows_workflowrun_change", args=[run.pk])
    act = {"_selected_action": run.pk, "confirmed": "1", "from_page": "row"}
    olga.post(
        LIST, {**act, "action": "label", "labels": "team=\nstage = live\n", "reason": "moved"}
    )
    assert labels_of([run.pk]) == {run.pk: {"stage": "live"}}
    wrong = olga.post(LIST, {**act, "action": "label", "labels": "stage"})
    assert "“stage” is not key=value." in text_of(wrong)
    olga.post(LIST, {**act, "action": "note", "note": "<b>The disk was full."})
    shown = olga.get(page)
    assert "olga, " in text_of(shown)
    assert "&lt;b&gt;The disk was full." in shown.content.decode()
    assert "stage=live" in text_of(shown)


def test_api_labels_a_new_run_and_an_old_one(run: WorkflowRun, api: APIClient) -> None:
    address = f"/workflow-runs/{run.pk}"
    assert api.post(f"{address}/label", {"labels": {"a": "b"}}, "json").status_code == 403
    root = APIClient()
    root.force_authenticate(UserFactory.create(username="root", is_superuser=True))
    changed = root.post(f"{address}/label", {"labels": {"a": "b", "team": None}}, "json")
    assert changed.json()["labels"] == {"a": "b"}
    assert root.post(f"{address}/note", {"note": "seen"}, "json").status_code == 200
    started = root.post(
        "/workflow-runs", {"workflow_template_id": run.template_id, "labels": {"a": "c"}}, "json"
    )
    assert started.json()["labels"] == {"a": "c"}
    wrong = root.post(f"{address}/label", {"labels": {"a b": 3}}, "json")
    assert (wrong.status_code, [*wrong.json()]) == (400, ["labels"])


def test_api_says_which_runs_were_not_searched(
    run: WorkflowRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = APIClient()
    client.force_authenticate(person("eve", *VIEW))
    assert "remark" not in client.get("/workflow-runs?q=by:anna").json()
    monkeypatch.setattr(find, "MOST_READ", 1)

    answer = client.get("/workflow-runs?q=by:anna").json()

    assert answer["remark"].startswith("Only the newest 1 runs that fit otherwise")
