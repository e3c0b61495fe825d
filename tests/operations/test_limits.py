"""How many runs are active at once is set by file, API, page and operation."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import TemplateFactory, UserFactory
from tests.support.actors import who
from workflows.authoring.files import UnusableFile, export_template, import_file
from workflows.errors import Invalid
from workflows.models import Event, EventType, NamedLock, TemplatePolicy, WorkflowTemplate
from workflows.operations.policy import set_policy

pytestmark = pytest.mark.django_db
FILE = """
name: nightly
steps: [{step_id: a, title: A}]
"""


def imported(tmp_path: Path, section: str) -> WorkflowTemplate:
    """Import a file with this section."""
    (path := tmp_path / "nightly.yaml").write_text(f"{FILE}{section}")
    return import_file(path, by=who("ada")).template


def test_file_sets_limits_and_is_exported_with_them(tmp_path: Path) -> None:
    imported(tmp_path, "limits: {max_active_runs: 1, locks: [production-db], late_at_usual: true}")
    policy = TemplatePolicy.objects.get()
    assert (policy.max_active_runs, policy.locks, policy.late_at_usual) == (
        1,
        ["production-db"],
        True,
    )
    assert [*NamedLock.objects.values_list("pk", flat=True)] == ["production-db"]
    assert "limits:\n  max_active_runs: 1\n" in export_template("nightly")
    imported(tmp_path, "limits: {expected_minutes: 30}")
    policy.refresh_from_db()
    assert (policy.max_active_runs, policy.locks, policy.expected_minutes) == (None, [], 30)


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        ("1", "limits: .*must be an object"),
        ("{max_active_run: 3}", "max_active_run: .*did you mean max_active_runs"),
        ("{max_active_runs: 0}", "max_active_runs: Give a whole number from 1 to 1000"),
        ("{max_active_runs: true}", "max_active_runs: Give a whole number"),
        ("{locks: production-db}", "locks: Give a list"),
        ("{locks: [a, a]}", "locks: Give a list of at most 20 different names"),
        ("{locks: ['a b']}", "locks: Give a list"),
        ("{locks: [7]}", "locks: Give a list"),
        ("{expected_minutes: 43201}", "expected_minutes: Give a whole number"),
        ("{late_at_usual: 2}", "late_at_usual: Give true or false"),
    ],
)
def test_wrong_limits_are_refused_and_nothing_is_stored(
    tmp_path: Path, section: str, wrong: str
) -> None:
    with pytest.raises(UnusableFile, match=wrong):
        imported(tmp_path, f"limits: {section}\n")
    assert not WorkflowTemplate.objects.exists()


def test_each_kind_of_setting_leaves_an_event_of_its_own() -> None:
    template = TemplateFactory.create(name="nightly")
    for _ in range(2):
        set_policy(template.pk, {"max_active_runs": 2, "keep_runs_days": 7}, by=who("ada"))
    changes = {each.event_type: each.payload["changed"] for each in Event.objects.all()}
    assert changes == {
        EventType.RETENTION_CHANGED: {"keep_runs_days": [None, 7]},
        EventType.LIMITS_CHANGED: {"max_active_runs": [None, 2]},
    }
    with pytest.raises(Invalid, match="locks"):
        set_policy(template.pk, {"locks": None}, by=who("ada"))


def test_page_stores_limits_and_names_what_is_wrong() -> None:
    client, template = Client(), TemplateFactory.create()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    address = reverse("admin:workflows_workflowtemplate_policy", args=[template.pk])
    assert client.post(address, {"max_active_runs": "1", "locks": "db, cache"}).status_code == 302
    policy = TemplatePolicy.objects.get()
    assert (policy.max_active_runs, policy.locks) == (1, ["db", "cache"])
    assert 'value="cache, db"' in client.get(address).content.decode()
    wrong = client.post(address, {"max_active_runs": "0", "locks": "a b"})
    assert wrong.context["form"].errors.keys() == {"max_active_runs", "locks"}
