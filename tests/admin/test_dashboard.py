"""The dashboard: what needs attention, which runs are in progress, which have finished."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.timezone import localdate

from runners.models import Runner
from tests.admin.conftest import ClientOf, act, confirm, text_of, url_of
from tests.factories import RunFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, events, finish, start, state, task
from workflows import operations
from workflows.models import TaskAttempt, WorkflowRun

INDEX = "/admin/"
HREF = re.compile(r'href="([^"#]+)"')
NUMBER = re.compile(r'href="([^"]+)"[^>]*>(?:<(?!/a)[^>]*>|[^<\d])*(\d+)<')


def dashboard(client: Client) -> str:
    return text_of(client.get(INDEX))


def test_each_item_says_what_is_wrong_and_why(root: Client, busy: WorkflowRun) -> None:
    text = dashboard(root)

    blocked = f"run {busy.pk}: a failed (exit code 2), and 2 tasks wait for it."
    assert f"failed backup · {blocked}" in text
    assert re.search(r"run \d+ · deploy: deploy, asked by test", text)
    assert "gpu: 1 ready task waits for it." in text
    assert "local is silent: it has not started 1 attempt. Is manage.py local_runner" in text
    assert "b: local has not reported on it in time." in text


def test_each_item_has_its_suggested_actions(root: Client, busy: WorkflowRun) -> None:
    html = root.get(INDEX).content.decode()

    buttons = re.findall(r'name="action" value="(\w+)"', html)
    of_run = ["retry", "mark_success", "cancel_rest"]
    assert buttons == [*of_run, "approve", "reject", "cancel", "declare_lost"]
    assert f'href="{url_of(Runner.objects.get(name="gpu"))}">Enable it' in html


def buttons_of(client: Client) -> list[str]:
    return re.findall(r'name="action" value="(\w+)"', client.get(INDEX).content.decode())


def test_paused_deadlocked_run_offers_retry_mark_success_cancel_rest_and_resume(
    olga: Client, runs: DrawRun
) -> None:
    run = runs("a > b > c", name="backup")
    dispatch_all(run)
    operations.pause(run.pk, by=who("test"))
    finish(run, "a", "failed", exit_code=2, message="exit code 2")

    text = dashboard(olga)

    assert f"paused backup · run {run.pk}: Paused by test since" in text
    assert "a failed (exit code 2), and 2 tasks wait for it." in text
    assert buttons_of(olga) == ["resume", "retry", "mark_success", "cancel_rest"]


def test_paused_run_with_active_tasks_offers_cancel_rest_too(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b, c", name="backup")
    dispatch_all(run)
    start(run, "c")
    operations.pause(run.pk, by=who("test"))
    finish(run, "a", "failed", message="exit code 2")

    assert f"paused backup · run {run.pk}: Paused" in dashboard(olga)
    assert buttons_of(olga) == ["resume", "retry", "mark_success", "cancel_rest"]


def test_failed_task_is_shown_while_other_branches_run(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b, c", name="backup")
    dispatch_all(run)
    start(run, "c")
    finish(run, "a", "failed", message="exit code 2")

    said = f"running backup · run {run.pk}: c is running on local; a failed (exit code 2)."
    assert said in dashboard(olga)
    assert buttons_of(olga) == ["retry", "mark_success"]


def test_resume_action_resumes_stuck_run(olga: Client, runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch_all(run)
    operations.pause(run.pk, by=who("test"))
    finish(run, "a", "failed")

    act(olga, "resume", [run])

    assert state(run) == "running"
    assert events(run)[-1].actor == "olga"


def test_run_with_too_many_failures_links_to_their_list(olga: Client, runs: DrawRun) -> None:
    few, many = runs("a, b"), runs("a, b, c, d, e")
    for run, step_ids in ((few, "ab"), (many, "abcde")):
        dispatch_all(run)
        for step_id in step_ids:
            finish(run, step_id, "failed", message="exit code 1")

    text, html = dashboard(olga), olga.get(INDEX).content.decode()

    assert "c failed (exit code 1) and 2 more failed." in text
    assert "a failed (exit code 1) and b failed (exit code 1)." in text
    [url] = re.findall(r'href="([^"]+)">All 5 tasks', html)
    assert olga.get(unescape(url)).context["cl"].result_count == 5
    assert buttons_of(olga) == ["retry_failed", "retry_failed", "mark_success"]


def test_run_blocked_by_a_canceled_task_alone_is_listed(olga: Client, runs: DrawRun) -> None:
    run = runs("a > b > c, d > e")
    operations.hold(task(run, "d").pk, by=who("test"))
    dispatch_all(run)
    finish(run, "a")
    operations.cancel(task(run, "b").pk, by=who("test"), reason="not today")

    text = dashboard(olga)

    assert f"· run {run.pk}: " in text
    assert "b was canceled (not today), and 1 task waits for it; d is on hold." in text


def test_retry_from_dashboard_resolves_its_item(root: Client, busy: WorkflowRun) -> None:
    broken = task(busy, "a")
    assert f'name="_selected_action" value="{broken.pk}"' in root.get(INDEX).content.decode()

    confirm(root, "retry", [broken], "the disk was full")

    assert state(busy) == "running"
    assert ("task.retried", "root", "the disk was full") in [
        (event.event_type, event.actor, event.reason) for event in events(busy)
    ]
    assert "a failed" not in dashboard(root)


def test_viewer_sees_items_without_buttons(viola: Client, busy: WorkflowRun) -> None:
    html = viola.get(INDEX).content.decode()

    assert "2 tasks wait for it" in html
    assert 'name="action"' not in html
    assert "Enable it" not in html
    assert "Run…" not in html


def test_operator_without_decide_permission_is_not_offered_approve(
    olga: Client, busy: WorkflowRun
) -> None:
    html = olga.get(INDEX).content.decode()

    assert 'value="retry"' in html
    assert 'value="approve"' not in html


@pytest.mark.parametrize(
    ("permission", "seen"),
    [
        ("workflows.view_workflowrun", {"Failed and stuck runs", "Running now", "Last 14 days"}),
        ("workflows.view_approval", {"Waiting for approval"}),
        ("runners.view_runner", {"Runners"}),
        ("workflows.view_taskattempt", {"Overdue tasks"}),
    ],
)
def test_each_section_needs_the_view_permission_of_its_list(
    client_of: ClientOf, busy: WorkflowRun, permission: str, seen: set[str]
) -> None:
    page = client_of("pat", permission).get(INDEX).content.decode()

    headings = " ".join(re.findall('<h2.*?</h2>|class="kinds".*?</header>', page, re.DOTALL))
    everything = {
        "Failed and stuck runs",
        "Running now",
        "Last 14 days",
        "Waiting for approval",
        "Runners",
        "Overdue tasks",
    }
    assert {
        each
        for each in everything
        if f"{each} <" in headings or f"{each}<" in headings or f"{each} in" in headings
    } == seen


def test_every_number_links_to_the_rows_it_counts(root: Client, busy: WorkflowRun) -> None:
    html = root.get(INDEX).content.decode()

    lists = [
        (unescape(url), int(number))
        for url, number in NUMBER.findall(html)
        if "/change/" not in url
    ]
    assert len(lists) == 4 + 1 + 3 + 3  # attention groups, in progress, states, today's table
    for url, number in lists:
        answer = root.get(url)
        assert answer.status_code == 200, url
        if "/runner/" not in url:  # that list has the willing ones too
            assert answer.context["cl"].result_count == number, url


@pytest.mark.slow
def test_every_link_of_the_dashboard_opens(root: Client, busy: WorkflowRun) -> None:
    for url in set(HREF.findall(root.get(INDEX).content.decode())):
        if not url.startswith("/static/"):
            assert root.get(unescape(url)).status_code == 200, url


def test_table_has_the_numbers_of_the_chart(root: Client, runs: DrawRun) -> None:
    for day, how in ((0, "success"), (0, "failed"), (3, "success"), (20, "success")):
        run = runs("a")
        dispatch_all(run)
        finish(run, "a", how)
        end = timezone.now() - timedelta(days=day)
        WorkflowRun.objects.filter(pk=run.pk).update(
            started_at=end - timedelta(seconds=90 if day else 30), finished_at=end
        )

    answer = root.get(INDEX)

    text = text_of(answer)
    today, before = localdate(), localdate() - timedelta(days=3)
    assert f"{today:%Y-%m-%d} 2 1 1 0 {before:%Y-%m-%d} 1 1 0 0 Together 3 2 1 0" in text
    assert "3 runs 66.7 % successful, 100 % before" in text
    bars = re.findall(r'class="bar-(\w+)" x="\d+" y="[\d.]+" width="26"', answer.content.decode())
    assert sorted(bars) == ["failed", "success", "success"]


def test_empty_installation_says_what_to_do_first(root: Client) -> None:
    text = dashboard(root)

    assert "Nothing needs your attention." in text
    assert "There is no template yet. Create one, or import a file" in text
    assert "No run has finished in the last 14 days." in text


def test_user_without_permissions_is_told_whom_to_ask(client_of: ClientOf) -> None:
    text = dashboard(client_of("nora"))

    assert "Ask an administrator to add you to the group Workflow observer" in text


@pytest.mark.slow
def test_number_of_statements_does_not_grow_with_runs(root: Client, busy: WorkflowRun) -> None:
    def cost(more: int) -> int:
        for _ in range(more):
            run = RunFactory.create(template__drawing="a > b, c")
            dispatch_all(run)
            finish(run, "a", "failed", message="broken")
            finish(run, "c")
            RunFactory.create(template__requires_approval=True)
        with CaptureQueriesContext(connection) as captured:
            assert root.get(INDEX).status_code == 200
        return len(captured)

    assert cost(12) == cost(48) <= 31


def test_overdue_item_links_to_the_overdue_task(root: Client, busy: WorkflowRun) -> None:
    overdue = WorkflowRun.objects.get(template_name="export")

    assert f'href="{url_of(attempt(overdue, "b").task)}"' in root.get(INDEX).content.decode()


def test_nobody_who_recovers_is_an_item_that_says_what_to_do(
    root: Client, busy: WorkflowRun
) -> None:
    assert "Nobody has looked" not in dashboard(root)
    TaskAttempt.objects.open().update(lease_expires_at=timezone.now() - timedelta(minutes=6))
    waiting = TaskAttempt.objects.open().count()

    assert f"Recovery {waiting} " in dashboard(root)
    assert "overdue Nobody has looked after overdue attempts" in dashboard(root)
    assert "put manage.py tick into cron" in dashboard(root)
    listed = root.get("/admin/workflows/taskattempt/?recovery=none").context["cl"]
    assert listed.result_count == waiting

    call_command("tick")
    assert "Nobody has looked" not in dashboard(root)


def test_missing_default_runner_is_an_item_that_leads_to_the_runners(
    root: Client, runs: DrawRun
) -> None:
    runs("a")
    Runner.objects.update(is_default=False)
    assert "There is no default runner: 1 ready task waits." in dashboard(root)
    assert ">Choose one</a>" in root.get(INDEX).content.decode()
