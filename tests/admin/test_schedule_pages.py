"""The pages of schedules: their list, the form, the page of one, and what they add to others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.admin.conftest import ClientOf, add_url, list_url, messages_of, text_of, url_of
from tests.factories import CalendarFactory, ScheduleFactory, TemplateFactory
from tests.support.actors import who
from workflow_triggers.models import Occurrence, Outcome, Schedule
from workflow_triggers.operations.schedules import create_schedule
from workflows.models import WorkflowRun, WorkflowTemplate

VIEW = "workflow_triggers.view_schedule"
OPERATE = "workflow_triggers.operate_schedule"
AUTHOR = (VIEW, "workflow_triggers.add_schedule", "workflow_triggers.change_schedule")
WEEK = "/admin/workflow_triggers/schedule/week/"
PREVIEW = "/admin/workflow_triggers/schedule/preview/"


@pytest.fixture
def nightly(template: WorkflowTemplate) -> Schedule:
    """Return a schedule for the night."""
    values = {"name": "nightly", "cron": "0 2 * * 1-5", "zone": "Europe/Berlin"}
    return create_schedule(template.pk, values, by=who("ada"))


def filled(template: WorkflowTemplate, **changed: Any) -> dict[str, Any]:
    return {
        "template": template.pk,
        "name": "nightly",
        "cron": "0 2 * * 1-5",
        "zone": "Europe/Berlin",
        "once_at": "",
        "parameters": "",
        "overlap": "queue",
        "catch_up": "none",
        "window_minutes": 60,
        "priority": 3,
        "is_enabled": "on",
        **changed,
    }


def occurred(schedule: Schedule, outcome: str, reason: str = "", **ago: int) -> Occurrence:
    moment = timezone.now() - timedelta(**(ago or {"minutes": 10}))
    return Occurrence.objects.create(
        schedule=schedule, moment=moment, outcome=outcome, reason=reason
    )


def test_author_makes_a_schedule_with_all_of_its_values(
    client_of: ClientOf, template: WorkflowTemplate
) -> None:
    ada = client_of("ada", *AUTHOR)
    holidays = CalendarFactory.create(name="holidays")

    found = ada.post(add_url(Schedule), filled(template, calendars=[holidays.pk]))

    made = Schedule.objects.get()
    assert found.status_code == 302, text_of(found)
    assert found["Location"] == url_of(made)
    assert (made.cron, made.zone, made.overlap, made.catch_up) == (
        "0 2 * * 1-5",
        "Europe/Berlin",
        "queue",
        "none",
    )
    assert (made.window_minutes, made.priority, made.changed_by) == (60, 3, "ada")
    assert list(made.calendars.all()) == [holidays]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"cron": "0 2 * *"}, "Give minute, hour, day, month and day of the week"),
        ({"zone": "Europe/Berln"}, "did you mean Europe/Berlin?"),
        ({"cron": "", "once_at": ""}, "Give a cron expression or one moment"),
        ({"parameters": "{"}, "Not valid JSON"),
        ({"window_minutes": 0}, "Give a whole number from 1"),
        ({"cron": "", "once_at": "2020-01-01T00:00"}, "This moment has passed"),
    ],
)
def test_what_is_wrong_is_told_in_the_form_and_nothing_is_stored(
    client_of: ClientOf, template: WorkflowTemplate, wrong: dict[str, Any], told: str
) -> None:
    found = client_of("ada", *AUTHOR).post(add_url(Schedule), filled(template, **wrong))

    assert found.status_code == 200
    assert told in text_of(found)
    assert not Schedule.objects.exists()


def test_change_keeps_the_template_and_leads_to_the_page(
    client_of: ClientOf, nightly: Schedule
) -> None:
    other = TemplateFactory.create(drawing="a")
    ada = client_of("ada", *AUTHOR)

    found = ada.post(f"{url_of(nightly)}?edit", filled(other, cron="@hourly"))

    assert (found.status_code, found["Location"]) == (302, url_of(nightly))
    stored = Schedule.objects.get()
    assert (stored.cron, stored.template_id) == ("@hourly", nightly.template_id)


def test_once_is_read_in_the_zone_of_the_schedule(
    client_of: ClientOf, template: WorkflowTemplate
) -> None:
    given = filled(template, cron="", once_at="2040-07-01T12:00")
    ada = client_of("ada", *AUTHOR)
    ada.post(add_url(Schedule), given)

    stored = Schedule.objects.get()
    assert stored.once_at == datetime(2040, 7, 1, 10, tzinfo=UTC)
    form = ada.get(f"{url_of(stored)}?edit")
    assert 'value="2040-07-01T12:00"' in form.content.decode()


def test_preview_says_words_and_the_next_five_moments(client_of: ClientOf) -> None:
    vera = client_of("vera", VIEW)

    found = text_of(vera.get(PREVIEW, {"cron": "30 2 * * 1-5", "zone": "America/Sao_Paulo"}))
    assert "At 02:30, Monday to Friday" in found
    assert found.count(" 02:30") >= 5
    assert "Give minute, hour" in text_of(vera.get(PREVIEW, {"cron": "1 2", "zone": "UTC"}))
    assert "stand here" in text_of(vera.get(PREVIEW, {"once_at": "9999-99-99"}))
    assert client_of("nora").get(PREVIEW).status_code == 403


def test_list_tells_when_what_was_last_and_why_it_is_disabled(
    client_of: ClientOf, nightly: Schedule
) -> None:
    occurred(nightly, Outcome.SKIPPED, "run 12 was still running")
    Schedule.objects.update(
        is_enabled=False, switched_by="kim", switch_reason="table locked", changed_by_user="999"
    )

    found = text_of(client_of("vera", VIEW).get(list_url(Schedule)))

    assert "At 02:00, Monday to Friday" in found
    assert "skipped" in found
    assert "run 12 was still running" in found
    assert "by kim, “table locked”" in found
    assert "user is gone" in found


def test_list_takes_as_many_statements_for_many_schedules(
    client_of: ClientOf, template: WorkflowTemplate
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert vera.get(list_url(Schedule)).status_code == 200
            assert vera.get(WEEK).status_code == 200
            assert vera.get("/admin/").status_code == 200
        return len(captured)

    vera = client_of("vera", VIEW, "workflows.view_workflowrun", "workflows.view_task")
    for name in ("a", "b"):
        occurred(ScheduleFactory.create(template=template, name=name), Outcome.MISSED)
    statements()
    before = statements()
    for name in ("c", "d", "e", "f"):
        occurred(ScheduleFactory.create(template=template, name=name), Outcome.MISSED)
    assert statements() == before


def test_operator_fires_disables_with_a_reason_and_enables(
    client_of: ClientOf, nightly: Schedule
) -> None:
    olga = client_of("olga", VIEW, OPERATE)

    def post(action: str, **answers: Any) -> Any:
        given = {"action": action, "_selected_action": nightly.pk, "from_page": "1", **answers}
        return olga.post(list_url(Schedule), given)

    post("fire")
    assert Occurrence.objects.get().run_id == WorkflowRun.objects.get().pk
    assert "Disable schedule" not in text_of(olga.get(url_of(nightly)))
    asked = post("disable")
    assert "Disable nightly?" in text_of(asked)
    post("disable", confirmed="1", reason="table locked")
    disabled = Schedule.objects.get()
    assert (disabled.is_enabled, disabled.switched_by, disabled.switch_reason) == (
        False,
        "olga",
        "table locked",
    )
    post("enable", confirmed="1", reason="")
    assert Schedule.objects.get().is_enabled


def test_observers_and_strangers_cannot_act(client_of: ClientOf, nightly: Schedule) -> None:
    vera, nora = client_of("vera", VIEW), client_of("nora")
    given = {"action": "fire", "_selected_action": nightly.pk}

    assert "Fire now" not in text_of(vera.get(url_of(nightly)))
    assert vera.post(list_url(Schedule), given).status_code == 403
    assert vera.get(add_url(Schedule)).status_code == 403
    assert not Occurrence.objects.exists()
    for address in (list_url(Schedule), WEEK, url_of(nightly)):
        assert nora.get(address).status_code == 403


def test_page_filters_occurrences_by_outcome(client_of: ClientOf, nightly: Schedule) -> None:
    occurred(nightly, Outcome.MISSED, "nobody looked", hours=3)
    occurred(nightly, Outcome.SKIPPED, "run 12 was still running", hours=2)
    vera = client_of("vera", VIEW)

    everything = text_of(vera.get(url_of(nightly)))
    missed = text_of(vera.get(url_of(nightly), {"outcome": "missed"}))
    assert "nobody looked" in everything
    assert "run 12 was still running" in everything
    assert "nobody looked" in missed
    assert "was still running" not in missed
    assert vera.get(url_of(nightly), {"outcome": "x", "page": "y"}).status_code == 200


def test_dashboard_tells_what_was_missed_until_the_schedule_runs_again(
    client_of: ClientOf, nightly: Schedule
) -> None:
    olga = client_of("olga", VIEW, OPERATE, "workflows.view_workflowrun")
    occurred(nightly, Outcome.MISSED, "nobody looked from 01:00 to 06:10", hours=2)
    occurred(nightly, Outcome.QUEUED, "waits for run 12", hours=1)

    found = text_of(olga.get("/admin/"))
    assert "schedule nightly made no run" in found
    assert "nobody looked from 01:00 to 06:10" in found
    assert "schedule nightly: a run waits" in found
    assert "What fired, what comes next" in found
    assert olga.get("/admin/attention/").json()["schedules"] == 1

    occurred(nightly, Outcome.RUN)
    assert "made no run" not in text_of(olga.get("/admin/"))
    assert olga.get("/admin/attention/").json()["schedules"] == 0


def test_template_has_a_tab_and_a_run_names_its_schedule(root: Client, nightly: Schedule) -> None:
    tab = f"/admin/workflows/workflowtemplate/{nightly.template_id}/schedules/"
    assert "At 02:00, Monday to Friday" in text_of(root.get(tab))

    given = {"action": "fire", "_selected_action": nightly.pk, "from_page": "1"}
    fired = root.post(list_url(Schedule), given)
    run = WorkflowRun.objects.get()
    assert f"Started run {run.pk}." in str(messages_of(fired))
    page = root.get(url_of(run)).content.decode()
    assert f'href="{url_of(nightly)}">schedule nightly</a>' in page


def test_deletion_counts_what_goes_along(root: Client, nightly: Schedule) -> None:
    occurred(nightly, Outcome.MISSED)
    asked = root.get(url_of(nightly, "delete"))
    assert "Delete schedule nightly and its 1 occurrence?" in text_of(asked)
    root.post(url_of(nightly, "delete"), {"post": "yes"})
    assert not Schedule.objects.exists()
