"""The console says how long runs are kept, what is due, who keeps what, and what was removed."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.factories import UserFactory
from tests.retention.conftest import EndedRun, policy, retain
from tests.support.actors import who
from tests.support.drawing import DrawRun
from workflows import operations
from workflows.models import RunRecord, TemplatePolicy, WorkflowRun
from workflows.retention.removal import mark_removed
from workflows.retention.rows import delete_some_rows
from workflows.retention.weight import weigh

RETENTION = "/admin/workflows/runrecord/"


@pytest.fixture
def ada(db: None) -> Client:
    """Return the browser of a superuser."""
    client = Client()
    client.force_login(UserFactory.create(is_superuser=True, is_staff=True))
    return client


def text_of(client: Client, address: str) -> str:
    """Return the text of a page, without line breaks."""
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_page_shows_rules_what_is_due_and_who_keeps_what(
    ada: Client, ended: EndedRun, settings: Settings
) -> None:
    settings.KEEP_RUNS_DAYS = 30
    due, kept = ended(days=40), ended(days=40)
    policy(kept, keep_logs_days=7)
    operations.keep(kept.pk, by=who("bob"), reason="evidence")
    page = text_of(ada, RETENTION)
    assert "All templates, by settings</th><td>30 days</td><td>forever</td>" in page
    assert f">{kept.template_name}</a></th><td>as the setting says</td><td>7 days</td>" in page
    assert f"{due.template_name}</th><td>1 run, 2 tasks</td>" in page
    assert '<td>bob</td><td class="wide">evidence</td>' in page
    assert "No run has been removed yet." in page


def test_removed_run_is_listed_and_its_old_address_leads_to_what_stays(
    ada: Client, ended: EndedRun, settings: Settings
) -> None:
    settings.KEEP_RUNS_DAYS = 30
    run = ended(parameters={"day": "2026-11-27"})
    retain(in_days=31)
    assert f">run {run.pk}</a>" in text_of(ada, RETENTION)
    page = text_of(ada, f"/admin/workflows/workflowrun/{run.pk}/change/")
    assert f"Run {run.pk} was removed. This stays of it." in page
    assert "2026-11-27" in page
    assert "runs are kept for 30 days" in page
    assert RunRecord.objects.get().line_digest in page
    assert "History</a>" not in page
    assert "Perhaps it was deleted" in text_of(ada, "/admin/workflows/workflowrun/999/change/")
    said = text_of(ada, f"/admin/workflows/workflowrun/?q={run.pk}")
    assert f"There is no run {run.pk}; it was removed on " in said
    removals = text_of(ada, "/admin/workflows/event/?event_type__exact=workflow_run.removed")
    assert f"/admin/workflows/workflowrun/{run.pk}/change/" in removals


def test_lists_say_how_many_are_found_where_somebody_searched(ada: Client, ended: EndedRun) -> None:
    runs = "/admin/workflows/workflowrun/"
    ended()
    assert "Show all</a>" not in text_of(ada, runs)
    assert "1 found" in text_of(ada, f"{runs}?q=state:success")
    assert "0 found" in text_of(ada, f"{runs}?state__exact=failed")
    assert "Show all</a>" in text_of(ada, f"{runs}?id__lt=999")  # the way back from further on


def test_question_about_keeping_speaks_of_no_tasks(ada: Client, ended: EndedRun) -> None:
    asked = {"action": "keep", "_selected_action": [ended().pk]}
    page = ada.post("/admin/workflows/workflowrun/", asked).content.decode()
    assert "until somebody lets it go" in page
    assert "What follows" not in page


def test_dashboard_counts_runs_that_were_removed(
    ada: Client, ended: EndedRun, settings: Settings
) -> None:
    ended(), ended()
    operations.keep(ended().pk, by=who("ada"), reason="a third")
    settings.KEEP_RUNS_DAYS = 1
    of_three = totals(ada)
    retain(in_days=2)
    assert RunRecord.objects.exclude(removed_at=None).count() == 2
    assert totals(ada) == of_three


def test_dashboard_shows_whatever_a_line_holds(
    ada: Client, ended: EndedRun, settings: Settings
) -> None:
    settings.KEEP_RUNS_DAYS = 1
    ended()
    retain(in_days=2)
    far = "infinity" if connection.vendor == "postgresql" else "9999-12-31 00:00:00"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workflows_runrecord SET ended_at = %s", [far])
    assert ada.get("/admin/").status_code == 200


def totals(client: Client) -> list[tuple[str, int]]:
    """Return how many runs ended lately in which state, as the dashboard says."""
    context = client.get("/admin/").context
    return [(state, n) for state, n, _ in context["finished"]]


def test_policy_page_stores_days(ada: Client, runs: DrawRun) -> None:
    template = runs("a").template
    assert template
    address = reverse("admin:workflows_workflowtemplate_policy", args=[template.pk])
    assert "as the setting KEEP_RUNS_DAYS says (forever)" in text_of(ada, address)
    answer = ada.post(address, {"keep_runs_days": "30", "keep_logs_days": ""})
    assert answer.headers["Location"] == RETENTION
    stored = TemplatePolicy.objects.get()
    assert (stored.keep_runs_days, stored.keep_logs_days) == (30, None)
    wrong = ada.post(address, {"keep_runs_days": "-1", "keep_logs_days": "99999999"})
    assert wrong.status_code == 200
    assert wrong.context["form"].errors.keys() == {"keep_runs_days", "keep_logs_days"}


def test_strangers_and_observers_change_nothing(runs: DrawRun) -> None:
    template, client = runs("a").template, Client()
    assert template
    address = reverse("admin:workflows_workflowtemplate_policy", args=[template.pk])
    assert client.get(RETENTION).status_code == 302
    client.force_login(UserFactory.create(is_staff=True))
    assert client.get(RETENTION).status_code == 403
    assert client.post(address, {"keep_runs_days": "1"}).status_code == 403
    assert not TemplatePolicy.objects.exists()


def test_page_takes_as_many_statements_for_many_templates_as_for_few(
    ada: Client, ended: EndedRun, django_assert_max_num_queries: object
) -> None:
    for _ in range(3):
        policy(ended(days=40), keep_runs_days=30)
    with django_assert_max_num_queries(24):  # type: ignore[operator]
        ada.get(RETENTION)


def test_pace_counts_runs_that_were_removed_since(ended: EndedRun) -> None:
    gone, there = ended(days=2), ended(days=1)
    before = weigh(timezone.now())
    mark_removed(WorkflowRun.objects.filter(pk=gone.pk), by=who("bob"), reason="asked for")
    while delete_some_rows() is not None:
        pass

    after = weigh(timezone.now())

    assert WorkflowRun.objects.get() == there
    assert (before.runs, after.runs) == (2, 1)
    assert before.runs_a_day == after.runs_a_day == 2 / 7
