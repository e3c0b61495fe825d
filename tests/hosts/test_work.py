"""In each host, a workflow is stored, run, watched, approved, seen to fail, and cured, by HTTP."""

from pathlib import Path
from typing import Any

import pytest

from tests.hosts.conftest import Host
from tests.hosts.lines import lines
from tests.hosts.person import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # packages are downloaded


def steps(flag: Path) -> list[dict[str, Any]]:
    """Return two steps: the second asks for an approval, and fails without a file."""
    release = {"requires_approval": True, "payload": {"command": ["test", "-e", str(flag)]}}
    return [
        {"step_id": "build", "title": "Build", "payload": {"command": ["echo", "built"]}},
        {"step_id": "release", "title": "Release", "depends_on": ["build"], **release},
    ]


def test_first_workflow_of_the_page(host: Host) -> None:
    files = {"shop/workflow_tasks.py": "python", "ship.yaml": "yaml"}
    for file, language in files.items():
        (host.project.folder / file).write_text(lines("A first workflow", file, language))

    host.project.manage("import_workflow", "ship.yaml")
    said = host.project.manage("run_workflow", "ship order", "--param", "order:=7")

    assert 'Result of ship: {"shipped": 7}' in said


def test_workflow_is_run_and_cured(host: Host) -> None:
    flag = host.project.folder / "flag"
    with (
        host.project.served() as url,
        host.project.process("manage.py", "local_runner"),
        Person(host.kind, url, host.kind.user) as ada,
    ):
        template = ada.post("/workflow-templates", name="release", steps=steps(flag))["id"]
        body = {"workflow_template_id": template, "auto_dispatch": True}
        run = ada.post("/workflow-runs", **body)["id"]
        page = f"{host.kind.admin}workflows/workflowrun/{run}/change/"
        ada.wait(lambda: ada.tasks(run)["build"] == "success", lambda: ada.tasks(run))
        assert "Release" in ada.page(page)
        assert "built" in str(ada.get(f"/tasks/{ada.task(run, 'build')}/log"))

        release = ada.task(run, "release")
        pending = ada.get("/approvals", status="pending")["results"]
        [approval] = [each["id"] for each in pending if each["task_id"] == release]
        ada.post(f"/approvals/{approval}/approve", comment="go")
        ada.wait(lambda: ada.tasks(run)["release"] == "failed", lambda: ada.tasks(run))
        assert "exit code 1" in ada.page(page)

        flag.touch()
        ada.post(f"/tasks/{release}/retry", reason="the flag is there")
        done = {"build": "success", "release": "success"}
        ada.wait(lambda: ada.tasks(run) == done, lambda: ada.tasks(run))
        assert ada.get(f"/workflow-runs/{run}")["status"] == "success"
        host.project.manage("verify_run", "--all")
