"""Runs that the first release left unfinished are shown and finished after the upgrade."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.execution.conftest import log_of
from tests.factories import UserFactory
from tests.support.actors import who
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, state, states, task, trail
from tests.upgrades.conftest import Rows
from workflows import operations
from workflows.audit.verify import verify_run
from workflows.models import Approval, Event, Task, TaskAttempt, WorkflowRun, WorkflowTemplate
from workflows.operations.approvals import approve

# All migrations: what is cut off leaves the tests after it an old database.
pytestmark = pytest.mark.timeout(600)

TOKEN = "f190bcc32dd3d0d8a9381fd8f94ba14042acec8da25605ca457c029338796e7a"
"""What the first release gave the runner of the step `train`."""
RUNS = {
    "created": 1,
    "done": 2,
    "in the middle": 3,
    "failed": 4,
    "retried": 5,
    "paused": 7,
    "held": 10,
    "by itself": 11,
    "asked": 12,
    "outside": 13,
    "executed": 16,
}
"""Ids of the runs in the installation, by their situation."""


def the_run(name: str) -> WorkflowRun:
    return WorkflowRun.objects.get(pk=RUNS[name])


def check_trails() -> None:
    runs = WorkflowRun.objects.values_list("pk", flat=True)
    assert [finding.sentence for run in runs for finding in verify_run(run)] == []


@pytest.fixture
def root(upgraded: Rows, client: Client) -> Client:
    client.force_login(UserFactory.create(username="root", is_superuser=True, is_staff=True))
    return client


def test_admin_pages_show_upgraded_rows(root: Client) -> None:
    def page(name: str, *arguments: object) -> str:
        answer = root.get(reverse(f"admin:workflows_{name}", args=arguments))
        assert answer.status_code == 200, (name, arguments)
        return answer.content.decode()

    for run in WorkflowRun.objects.all():
        assert f"run {run.pk}" in page("workflowrun_change", run.pk).lower()
    for other in (Task.objects.get(title="alone"), task(the_run("retried"), "extract")):
        assert other.title in page("task_change", other.pk)
    for template in WorkflowTemplate.objects.all():
        assert template.name in page("workflowtemplate_change", template.pk)
        page("workflowtemplate_version", template.pk, template.version)
    for table in ("workflowrun", "task", "taskattempt", "approval", "event", "workflowtemplate"):
        page(f"{table}_changelist")


def test_api_answers_upgraded_rows(root: Client, upgraded: Rows) -> None:
    for place, table in {
        "workflow-runs": "workflows.WorkflowRun",
        "tasks": "workflows.Task",
        "events": "workflows.Event",
        "approvals": "workflows.Approval",
        "runners": "runners.Runner",
        "workflow-templates": "workflows.WorkflowTemplate",
    }.items():
        assert root.get(f"/{place}").json()["count"] == len(upgraded[table])
    for run in WorkflowRun.objects.all():
        shown = root.get(f"/workflow-runs/{run.pk}").json()
        assert (shown["status"], len(shown["task_ids"])) == (run.state, run.tasks.count())
        assert root.get(f"/workflow-runs/{run.pk}/explain").status_code == 200
        assert root.get(f"/workflow-runs/{run.pk}/graph").status_code == 200
    said = attempt(the_run("executed"), "say")
    assert root.get(f"/tasks/{said.task_id}/log").json()["text"] == log_of(said) == "hello\n"


def test_unfinished_run_finishes_after_upgrade(upgraded: Rows) -> None:
    run = the_run("in the middle")
    finish(run, "clean")
    finish(run, "audit")
    assert dispatch_all(run) == ["load"]
    finish(run, "load")

    assert (state(run), {*states(run).values()}) == ("success", {"success"})
    assert trail(run)[-4:] == [
        "task.succeeded audit",
        "task.dispatched load",
        "task.succeeded load",
        "workflow_run.succeeded",
    ]
    check_trails()


def test_failed_task_is_retried_after_upgrade(upgraded: Rows) -> None:
    run = the_run("failed")
    operations.retry(task(run, "extract").pk, by=who("ada"), reason="upgraded")
    dispatch(run)
    finish(run, "extract")

    assert (state(run), attempt(run, "extract").number) == ("running", 2)
    check_trails()


def test_operators_can_resume_release_and_approve_after_upgrade(upgraded: Rows) -> None:
    operations.resume(RUNS["paused"], by=who("ada"))
    operations.release(task(the_run("held"), "extract").pk, by=who("ada"))
    approve(Approval.objects.get(status="pending", task__run=RUNS["asked"]).pk, by=who("bob"))

    sent = {name: dispatch(the_run(name), limit=None) for name in ("paused", "held", "asked")}

    assert [len(sent[name].dispatches) for name in sent] == [2, 1, 1]
    check_trails()


def test_runner_token_from_before_the_upgrade_is_accepted(upgraded: Rows, client: Client) -> None:
    run = the_run("outside")
    place = f"/runner/tasks/{task(run, 'train').pk}/status"
    body = {"status": "success", "exit_code": 0}

    answers = [
        client.post(place, body, "application/json", headers={"X-Runner-Token": token})
        for token in (TOKEN[::-1], TOKEN)
    ]

    assert [answer.status_code for answer in answers] == [401, 200]
    assert states(run)["train"] == "success"
    assert Event.objects.filter(run=run).latest("id").event_type == "task.succeeded"
    check_trails()


def test_auto_dispatch_run_continues_after_upgrade(upgraded: Rows) -> None:
    run = the_run("by itself")
    for name in ("extract", "clean", "load"):
        finish(run, name)

    waits = TaskAttempt.objects.filter(task__run=run, outcome="")
    assert (state(run), waits.count()) == ("running", 0)
    assert Approval.objects.get(task__run=run).status == "pending"
    check_trails()
