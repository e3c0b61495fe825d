"""`run_workflow -v 0`, as cron calls it, and what a failed run prints."""

import json

import pytest

from tests.factories import TemplateFactory
from tests.management.conftest import manage
from tests.support.drawing import steps_of
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import WorkflowRun

pytestmark = pytest.mark.django_db(transaction=True)

REMEDY = "Retry, mark success, or cancel the rest."
FAILING = {"command": ["sh", "-c", "seq 30; echo boom >&2; exit 3"]}


def test_success_is_silent() -> None:
    TemplateFactory.create(name="nightly", drawing="a > b", payload={"python": "noop"})
    done = manage("run_workflow", "nightly", "-v", "0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_json_is_the_only_line_of_a_success() -> None:
    TemplateFactory.create(name="nightly", drawing="a", payload={"python": "noop"})
    done = manage("run_workflow", "nightly", "-v", "0", "--json")
    assert json.loads(done.stdout)["status"] == "success"
    assert len(done.stdout.splitlines()) == 1


def test_failure_prints_reason_end_of_the_log_and_address() -> None:
    TemplateFactory.create(name="broken", drawing="a > b", payload=FAILING)
    done = manage("run_workflow", "broken", "-v", "0")
    run = WorkflowRun.objects.get()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"Workflow run {run.pk} failed.",
        f"`a` failed (exit code 3), and 1 task waits for it. {REMEDY}",
        "--- a: exit code 3",
        f"[… all of its log: manage.py logs {run.pk} a]",
        *map(str, range(12, 31)),
        "boom",
        f"--- http://127.0.0.1:8000/admin/workflows/workflowrun/{run.pk}/change/",
    ]


def test_failure_with_progress_prints_the_same_at_its_end() -> None:
    TemplateFactory.create(name="broken", drawing="a > b", payload=FAILING)
    done = manage("run_workflow", "broken")
    assert "a: failed (exit code 3)" in done.stdout
    assert done.stdout.splitlines()[-2] == "boom"
    assert done.stderr == ""


def test_three_failed_tasks_are_shown_and_the_others_counted() -> None:
    drawing = ", ".join("abcde")
    TemplateFactory.create(name="broken", drawing=drawing, payload={"command": ["false"]})
    lines = manage("run_workflow", "broken", "-v", "0").stderr.splitlines()
    run = WorkflowRun.objects.get()
    assert lines[2:-1] == [
        "--- a: exit code 1",
        "--- b: exit code 1",
        "--- c: exit code 1",
        f"--- 2 more failed; all logs: manage.py logs {run.pk}",
    ]


def test_run_that_stands_still_prints_why_and_its_address() -> None:
    [step] = steps_of("a")
    step |= {"payload": {"python": "noop"}, "requires_approval": True}
    create_template(parse_template({"name": "release", "steps": [step]}))
    done = manage("run_workflow", "release", "-v", "0")
    assert done.returncode == 2
    assert "It cannot continue by itself: `a` waits for approval" in done.stderr
    assert done.stderr.splitlines()[-1].endswith(f"/{WorkflowRun.objects.get().pk}/change/")
