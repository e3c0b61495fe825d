"""The navigation, its numbers, and what empty lists say."""

from django.test import Client

from tests.admin.conftest import ClientOf, list_url, text_of, url_of
from tests.admin.test_dashboard import INDEX
from tests.support.drawing import DrawRun
from tests.support.verbs import task
from workflows.models import Approval, Task, TaskAttempt, WorkflowRun


def test_attention_endpoint_counts_what_its_reader_may_view(
    root: Client, client_of: ClientOf, busy: WorkflowRun
) -> None:
    found = root.get("/admin/attention/")

    assert found.json() == found.json() | {"runs": 1, "approvals": 1, "attempts": 1, "runners": 2}
    assert "no-store" in found["Cache-Control"]
    assert client_of("nora").get("/admin/attention/").json() == {}
    assert Client().get("/admin/attention/").status_code == 302


def test_attention_filters_of_lists_keep_what_needs_attention(
    root: Client, busy: WorkflowRun
) -> None:
    runs = root.get(list_url(WorkflowRun), {"attention": "failed"})
    attempts = root.get(list_url(TaskAttempt), {"attention": "overdue"})
    nonsense = root.get(list_url(WorkflowRun), {"attention": "x"})

    assert list(runs.context["cl"].result_list) == [busy]
    assert [each.task.step_id for each in attempts.context["cl"].result_list] == ["b"]
    assert len(nonsense.context["cl"].result_list) == WorkflowRun.objects.count()


def test_navigation_links_to_lists_that_the_reader_may_view(
    root: Client, viola: Client, client_of: ClientOf
) -> None:
    def navigation(client: Client) -> dict[str, list[str]]:
        groups = client.get(INDEX).context["navigation"]
        return {group.name: [link.name for link in group.links] for group in groups}

    operate = ["Dashboard", "Runs", "Tasks", "Attempts", "Approvals", "Events"]
    assert navigation(viola) == {
        "Operate": operate,
        "Design": ["Templates", "Runners"],
        "Settings": ["API tokens", "Retention"],
    }
    assert navigation(root)["Settings"] == ["Roles", "Users", "API tokens", "Retention"]
    assert navigation(client_of("nora")) == {
        "Operate": ["Dashboard"],
        "Settings": ["API tokens"],
    }


def test_navigation_marks_the_current_list(olga: Client, busy: WorkflowRun) -> None:
    for address in (list_url(Task), url_of(task(busy, "a"))):
        groups = olga.get(address).context["navigation"]
        here = [link.name for group in groups for link in group.links if link.is_current]
        assert here == ["Tasks"]


def test_empty_lists_say_what_to_do(root: Client, runs: DrawRun) -> None:
    assert "Open a template and press Run" in text_of(root.get(list_url(WorkflowRun)))
    assert "No task waits for approval" in text_of(root.get(list_url(Approval)))

    runs("a")
    found = text_of(root.get(list_url(WorkflowRun), {"q": "nothing like it"}))
    assert "Nothing matches. Clear all filters" in found
