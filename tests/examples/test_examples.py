"""The shipped examples are imported and run to their end."""

import json
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from runners import functions
from tests.management.conftest import manage
from workflows.authoring.files import import_file
from workflows.authoring.store import spec_of
from workflows.models import TaskAttempt, WorkflowRun

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))

example = pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)


@example
def test_example_begins_with_a_description(file: Path) -> None:
    comment = file.read_text().partition("\nname:")[0]
    assert all(line.startswith("#") for line in comment.splitlines())
    assert f"import_workflow examples/{file.name}" in comment


@example
@pytest.mark.django_db
def test_example_calls_functions_with_matching_arguments(file: Path) -> None:
    functions.load_functions()
    payloads = [step.payload for step in spec_of(import_file(file).template).steps]
    called = {each["python"]: each.get("kwargs", {}) for each in payloads if "python" in each}
    assert called
    for name, kwargs in called.items():
        signature(functions._functions[name]).bind(**kwargs)


def finished(file: Path, directory: Path) -> dict[str, Any]:
    """Import and run an example; return the results of its steps."""
    template = import_file(file).template
    ran = manage(
        *["run_workflow", f"#{template.pk}", "--param", f"directory={directory}"],
        *["--concurrency", "4", "--json"],
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    run = WorkflowRun.objects.get()
    assert run.state == "success"
    attempts = TaskAttempt.objects.filter(task__run=run)
    assert attempts.count() == template.steps.count()
    rows = attempts.values_list("task__step_id", "result")
    return {str(step_id): result for step_id, result in rows}


@pytest.mark.django_db(transaction=True)
def test_backup_example_ends_with_its_report(tmp_path: Path) -> None:
    results = finished(FOLDER / "backup.yaml", tmp_path)
    report = json.loads(Path(results["report"]["numbers"]).read_text())
    assert report["compare"]["rows"] == report["snapshot"]["rows"] > 0
    assert Path(results["report"]["path"]).parent.parent == tmp_path


@pytest.mark.django_db(transaction=True)
def test_release_check_example_ends_with_its_report(tmp_path: Path) -> None:
    results = finished(FOLDER / "release_check.yaml", tmp_path)
    assert results["archive"]["sha256"] in Path(results["report"]["path"]).read_text()
    assert not Path(results["prepare"]["scratch"]).exists()
