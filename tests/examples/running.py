"""Imports an example and runs it, as its head says."""

import json
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from rest_framework.test import APIClient

from tests.factories import UserFactory
from tests.management.conftest import Started, manage, wait_for
from tests.support.verbs import state, task
from workflows.authoring.files import import_file
from workflows.models import Approval, WorkflowRun

FOLDER = Path(__file__).parents[2] / "examples"


def run_example(
    name: str, *, file: Path | None = None, **parameters: Any
) -> "tuple[WorkflowRun, subprocess.CompletedProcess[str]]":
    """
    Import the example and run it with `-v 0`; return the run, and what cron would see.

    :param file: a changed copy of the example.
    """
    template = import_file(file or FOLDER / f"{name}.yaml").template
    command = ["run_workflow", "-v", "0", f"#{template.pk}", "--param-file", "-"]
    done = manage(*command, stdin=json.dumps(parameters))
    return WorkflowRun.objects.latest("pk"), done


def log_of(run: WorkflowRun, step_id: str) -> str:
    """Return what the latest attempt of a step has printed."""
    printed = StringIO()
    call_command("logs", str(run.pk), step_id, stdout=printed)
    return printed.getvalue()


def client() -> APIClient:
    """Return a client of the API that is logged in as a superuser, a new one each time."""
    api = APIClient()
    api.force_authenticate(UserFactory.create(is_superuser=True))
    return api


def approve(run: WorkflowRun, step_id: str) -> None:
    """Approve a step, as somebody who has not started the run."""
    approval = Approval.objects.get(task=task(run, step_id))
    assert client().post(f"/approvals/{approval.pk}/approve").status_code == 200


def retry(run: WorkflowRun, step_id: str, *, how: str = "retry") -> None:
    """Retry a step; with `retry-downstream`, also what has followed it."""
    assert client().post(f"/tasks/{task(run, step_id).pk}/{how}").status_code == 200


def finish_by_service(run: WorkflowRun, started: Started) -> str:
    """Let the local runner execute what is left of a run; return how that ends."""
    started("local_runner")
    wait_for(lambda: state(run) in {"success", "failed"})
    return state(run)
