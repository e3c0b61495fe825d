"""Upgrading an installation of the first release keeps its rows and its runs."""

import pytest
from django.apps import apps as now
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from runners.models import Runner
from tests.upgrades.conftest import Rows, rows_of, to_first_release, to_latest
from workflows.audit.verify import verify_run
from workflows.authoring.spec import parse_template, plain
from workflows.authoring.store import replace_template, spec_of
from workflows.models import RunState, TaskState, TemplateVersion, WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor
from workflows.operations import abort, start_run

# All migrations, there and back: one that is cut off leaves the tests after it an old database.
pytestmark = pytest.mark.timeout(600)

ADDED = {
    "runners.Runner": {
        "secret_names",
        "options",
        "credentials",
        "first_submitted_at",
        "called_back_at",
        "unavailable_since",
        "rests_until",
    },
    "workflows.Approval": {"decided_by_user", "reason"},
    "workflows.Event": {"actor_user", "actor_via", "digest"},
    "workflows.LogPiece": {"at"},
    "workflows.TaskAttempt": {
        "claimed_by",
        "details",
        "log_digest",
        "log_length",
        "may_still_run",
        "times_out_at",
    },
    "workflows.WorkflowRun": {
        "secrets",
        "encrypted_secrets",
        "created_by_name",
        "created_by_user",
        "created_by_via",
        "approval_lasts",
        "set_aside",
        "trail_head",
        "trail_length",
        "trail_saved_at",
        "again_of",
        "reopened_at",
        "trigger",
        "trial",
        "kept_at",
        "kept_by",
        "kept_reason",
        "logs_removed_at",
        "secrets_removed_at",
        "removed_at",
    },
    "workflows.WorkflowTemplate": {"parameters_schema", "approval_lasts", "labels"},
}
"""Columns that came later."""
ADDED_TABLES = {
    "workflows.RunLabel",
    "workflows.SavedView",
    "workflows.Counter",
    "workflows.LastLook",
    "workflows.Presence",
    "workflows.RunRecord",
    "workflows.TemplatePolicy",
    "workflows.TemplateVersion",
}
CRON = Actor(name="cron")


def without_added(rows: Rows) -> Rows:
    return {
        label: [
            {name: value for name, value in row.items() if name not in ADDED.get(label, ())}
            for row in rows[label]
        ]
        for label in rows
        if label not in ADDED_TABLES
    }


def test_upgraded_installation_covers_every_state_and_event(upgraded: Rows) -> None:
    runs, tasks = upgraded["workflows.WorkflowRun"], upgraded["workflows.Task"]
    assert {run["state"] for run in runs} == {*RunState}
    assert {task["state"] for task in tasks} == {*TaskState}
    assert {runner["kind"] for runner in upgraded["runners.Runner"]} == {"local", "http", "celery"}
    assert not [label for label, rows in upgraded.items() if not rows]


def test_upgrade_keeps_every_row(upgraded: Rows) -> None:
    assert without_added(rows_of(now)) == upgraded


def test_verify_run_is_clean_after_upgrade(upgraded: Rows) -> None:
    runs = WorkflowRun.objects.values_list("pk", flat=True)
    assert [finding.sentence for run in runs for finding in verify_run(run)] == []


def test_upgrade_stores_current_content_as_a_version(upgraded: Rows) -> None:
    kept = TemplateVersion.objects.values_list("template", "number", "content")
    assert list(kept.order_by("template")) == [
        (template.pk, template.version, plain(spec_of(template)))
        for template in WorkflowTemplate.objects.order_by("pk")
    ]


def test_first_change_after_upgrade_makes_the_next_version(upgraded: Rows) -> None:
    template = WorkflowTemplate.objects.get(name="nightly")
    content = plain(spec_of(template))

    same = replace_template(template.pk, parse_template(content))
    other = replace_template(template.pk, parse_template({**content, "description": "Mornings."}))

    assert (same.version, other.version) == (2, 3)
    assert list(template.versions.values_list("number", flat=True)) == [3, 2]


def test_migrating_twice_changes_nothing(upgraded: Rows) -> None:
    before = rows_of(now)
    assert to_latest() == []
    assert rows_of(now) == before


def test_migrations_run_backward_and_forward(upgraded: Rows) -> None:
    older = rows_of(to_first_release())

    to_latest()

    assert older == upgraded
    assert without_added(rows_of(now)) == upgraded
    assert TemplateVersion.objects.count() == WorkflowTemplate.objects.count()


def test_digests_undone_and_made_again_accuse_nobody(first_release: Apps) -> None:
    to_latest()
    run = start_run(by=CRON, template_id=WorkflowTemplate.objects.get(name="nightly").pk)
    assert run.events.exclude(digest=None).exists()

    MigrationExecutor(connection).migrate([("workflows", "0012_approvals_asked_again")])
    to_latest()
    abort(run.pk, by=CRON)

    assert [finding.sentence for finding in verify_run(run.pk)] == []


def test_processes_of_the_first_release_can_still_write(first_release: Apps) -> None:
    to_latest()

    first_release.get_model("runners.Runner").objects.create(name="old", kind="local")
    template = first_release.get_model("workflows.WorkflowTemplate").objects.create(name="old")
    first_release.get_model("workflows.WorkflowRun").objects.create(template=template)

    assert Runner.objects.get(name="old").secret_names == []
    assert WorkflowTemplate.objects.get(name="old").parameters_schema == {}
    assert WorkflowRun.objects.latest("pk").secret_names == []


@pytest.mark.postgres
def test_interrupted_concurrent_index_is_rebuilt(first_release: Apps) -> None:
    MigrationExecutor(connection).migrate([("workflows", "0004_first_versions")])
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX run_by_end ON workflows_workflowrun (id)")

    to_latest()

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'run_by_end'")
        assert "(state, finished_at)" in cursor.fetchone()[0]
