"""The section `schedules:` of a template's file."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from rest_framework.test import APIClient

from tests.factories import UserFactory
from workflow_triggers.models import Calendar, Schedule
from workflow_triggers.operations.schedules import set_enabled
from workflows.models import WorkflowTemplate
from workflows.models.actor import Actor

pytestmark = pytest.mark.django_db

CRON = Actor(name="cron")
NIGHTLY = {"name": "nightly", "cron": "0 2 * * *", "zone": "Europe/Berlin", "priority": 2}
WEEKLY = {"name": "weekly", "cron": "@weekly", "overlap": "queue"}
STEPS = [{"step_id": "a", "title": "A", "payload": {"python": "noop"}}]


def import_file(tmp_path: Path, *schedules: Any, **more: Any) -> None:
    data = {"name": "backup", "steps": STEPS, "schedules": [*schedules], **more}
    (tmp_path / "backup.yaml").write_text(yaml.safe_dump(data))
    call_command("import_workflow", str(tmp_path / "backup.yaml"), verbosity=0)


def exported(capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    call_command("export_workflow", "backup")
    return yaml.safe_load(capsys.readouterr().out)


def test_exported_schedules_are_those_that_were_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Calendar.objects.create(name="holidays")
    once = {"name": "once", "once_at": "2090-01-01T08:00:00Z", "calendars": ["holidays"]}
    import_file(tmp_path, NIGHTLY, once, {**WEEKLY, "enabled": False})

    data = exported(capsys)

    assert data["schedules"] == [NIGHTLY, once, {**WEEKLY, "enabled": False}]
    changed_at = [*Schedule.objects.values_list("changed_at", flat=True)]
    import_file(tmp_path, *data["schedules"])
    assert [*Schedule.objects.values_list("changed_at", flat=True)] == changed_at


def test_import_creates_changes_and_deletes_by_name(tmp_path: Path) -> None:
    import_file(tmp_path, NIGHTLY, WEEKLY)
    kept = Schedule.objects.get(name="nightly").pk

    import_file(tmp_path, {"name": "nightly", "cron": "0 3 * * *"}, {**WEEKLY, "name": "new"})

    found = Schedule.objects.get(name="nightly")
    assert (found.pk, found.cron, found.zone, found.priority) == (kept, "0 3 * * *", "UTC", 0)
    assert {*Schedule.objects.values_list("name", flat=True)} == {"nightly", "new"}


def test_file_without_the_section_leaves_them_alone(tmp_path: Path) -> None:
    import_file(tmp_path, NIGHTLY)
    path = tmp_path / "bare.yaml"
    path.write_text(yaml.safe_dump({"name": "backup", "steps": STEPS}))

    call_command("import_workflow", str(path), verbosity=0)

    assert Schedule.objects.get().name == "nightly"


def test_import_enables_nothing_that_an_operator_has_disabled(tmp_path: Path) -> None:
    import_file(tmp_path, NIGHTLY)
    set_enabled(Schedule.objects.get().pk, False, by=CRON)

    import_file(tmp_path, {**NIGHTLY, "cron": "0 4 * * *", "enabled": True})

    assert (Schedule.objects.get().cron, Schedule.objects.get().is_enabled) == ("0 4 * * *", False)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"name": "n", "cron": "61 * * * *"}, "n: cron:"),
        ({"name": "n"}, "n: cron:"),
        ({"name": "n", "cron": "@daily", "zone": "Mars"}, "n: zone:"),
        ({"name": "n", "cron": "@daily", "overlapp": "skip"}, "n: .*overlap"),
        ({"name": "n", "once_at": "tomorrow"}, "n: once_at:"),
        ({"cron": "@daily"}, "Give each schedule a name"),
        ("nightly", "Give a list of schedules"),
    ],
)
def test_errors_name_the_schedule_and_the_field(tmp_path: Path, entry: Any, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        import_file(tmp_path, NIGHTLY, entry)
    assert not WorkflowTemplate.objects.exists()


def test_author_of_templates_alone_is_refused() -> None:
    user = UserFactory.create()
    codenames = ["add_workflowtemplate", "change_workflowtemplate", "view_workflowtemplate"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = APIClient()
    client.force_authenticate(user)
    body = {"name": "backup", "steps": STEPS, "schedules": [NIGHTLY]}

    answer = client.post("/workflow-templates", body, format="json")

    assert answer.status_code == 403
    assert "workflow_triggers.add_schedule" in answer.json()["detail"]
    assert not WorkflowTemplate.objects.exists()
    user.user_permissions.add(Permission.objects.get(codename="add_schedule"))
    client.force_authenticate(type(user).objects.get(pk=user.pk))
    assert client.post("/workflow-templates", body, format="json").status_code == 201
