"""How long runs are kept is set by file, API and operation, beside the versions of a template."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings
from rest_framework.test import APIClient

from tests.factories import TemplateFactory, UserFactory
from tests.retention.conftest import EndedRun, policy, retain
from tests.support.actors import who
from workflows.authoring.files import UnusableFile, export_template, import_file, read_content
from workflows.errors import Invalid
from workflows.models import Event, EventType, TemplatePolicy, WorkflowRun, WorkflowTemplate
from workflows.operations.policy import set_policy

pytestmark = pytest.mark.django_db
FILE = """
name: nightly
steps: [{step_id: a, title: A}]
"""
SECTION = "retention: {keep_runs_days: 30}\n"


def imported(tmp_path: Path, text: str) -> WorkflowTemplate:
    """Import a file with this text."""
    (path := tmp_path / "nightly.yaml").write_text(text)
    return import_file(path, by=who("ada")).template


def test_file_sets_it_and_a_file_without_the_section_leaves_it(tmp_path: Path) -> None:
    template = imported(tmp_path, FILE + SECTION)
    assert TemplatePolicy.objects.get().keep_runs_days == 30
    imported(tmp_path, FILE)
    assert TemplatePolicy.objects.get().keep_runs_days == 30
    template.refresh_from_db()
    assert template.version == 1
    assert "retention:\n  keep_runs_days: 30\n" in export_template("nightly")


def test_what_the_section_does_not_name_is_as_the_settings_say(tmp_path: Path) -> None:
    imported(tmp_path, FILE + SECTION)
    imported(tmp_path, FILE + "retention: {keep_logs_days: 7}\n")
    policy = TemplatePolicy.objects.get()
    assert (policy.keep_runs_days, policy.keep_logs_days) == (None, 7)


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        ("30", "retention: .*must be an object"),
        ("{keep_run_days: 3}", "keep_run_days: .*did you mean keep_runs_days"),
        ("{keep_runs_days: -1}", "keep_runs_days: Give a number of days"),
        ("{keep_runs_days: true}", "keep_runs_days: Give a number of days"),
        ("{keep_logs_days: '7'}", "keep_logs_days: Give a number of days"),
        ("{keep_logs_days: 36501}", "keep_logs_days: Give a number of days"),
    ],
)
def test_wrong_section_is_refused_and_nothing_is_stored(
    tmp_path: Path, section: str, wrong: str
) -> None:
    with pytest.raises(UnusableFile, match=wrong):
        imported(tmp_path, f"{FILE}retention: {section}\n")
    assert not WorkflowTemplate.objects.exists()


def test_file_that_is_read_keeps_its_section() -> None:
    assert read_content("nightly.yaml", (FILE + SECTION).encode())["retention"] == {
        "keep_runs_days": 30
    }


def test_trail_says_who_has_changed_what() -> None:
    template = TemplateFactory.create(name="nightly")
    for _ in range(2):
        set_policy(template.pk, {"keep_runs_days": 7}, by=who("ada"))
    event = Event.objects.get(event_type=EventType.RETENTION_CHANGED)
    assert event.actor == "ada"
    assert event.payload == {
        "template_id": template.pk,
        "name": "nightly",
        "changed": {"keep_runs_days": [None, 7]},
    }
    with pytest.raises(Invalid, match="keep_logs_days"):
        set_policy(template.pk, {"keep_logs_days": 1.5}, by=who("ada"))


def test_api_reads_and_changes_it_with_the_permissions_of_templates() -> None:
    template = TemplateFactory.create()
    user, client = UserFactory.create(), APIClient()
    client.force_authenticate(user)
    url = f"/workflow-templates/{template.pk}/policy"
    assert client.get(url).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_workflowtemplate"))
    client.force_authenticate(type(user).objects.get(pk=user.pk))
    assert client.get(url).json() == {"keep_runs_days": None, "keep_logs_days": None}
    assert client.patch(url, {"keep_runs_days": 7}, format="json").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="change_workflowtemplate"))
    client.force_authenticate(type(user).objects.get(pk=user.pk))
    changed = client.patch(url, {"keep_runs_days": 7}, format="json")
    assert changed.json() == {"keep_runs_days": 7, "keep_logs_days": None}
    refused = client.patch(url, {"keep_runs_days": -7}, format="json")
    assert (refused.status_code, "keep_runs_days" in refused.content.decode()) == (400, True)
    assert client.get("/workflow-templates/999/policy").status_code == 404


@pytest.mark.parametrize("days", [-1, None, "30", 1.5, 36_501])
def test_setting_that_is_no_number_of_days_removes_nothing(
    ended: EndedRun, settings: Settings, days: object
) -> None:
    settings.KEEP_RUNS_DAYS = days
    ended(days=9)
    with pytest.raises(ImproperlyConfigured, match="KEEP_RUNS_DAYS must be a number of days"):
        retain()
    assert WorkflowRun.objects.exists()


def test_policy_of_more_days_than_a_date_has_keeps_no_other_from_removal(
    ended: EndedRun, settings: Settings
) -> None:
    settings.KEEP_RUNS_DAYS = 1
    kept, _ = ended(days=9), ended(days=9)
    policy(kept, keep_runs_days=2**31 - 1)
    retain()
    assert [*WorkflowRun.objects.all()] == [kept]
