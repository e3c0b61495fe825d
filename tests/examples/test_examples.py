"""The shipped examples are imported, and two of them run to their end."""

import json
import re
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from runners import functions
from tests.management.conftest import manage
from workflows.authoring.files import import_file
from workflows.authoring.store import spec_of
from workflows.models import TaskAttempt, WorkflowRun
from workflows.payloads.parameters import secret_names

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))

OURS = ("audit", "backup", "export", "notify", "release")
"""What the names of the examples' functions begin with."""

example = pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)


@example
def test_example_begins_with_a_description(file: Path) -> None:
    comment, _, rest = file.read_text().partition("\nname: ")
    assert all(line.startswith("#") for line in comment.splitlines())
    assert f"import_workflow examples/{file.name}" in comment
    assert f"run_workflow {rest.partition(chr(10))[0]}" in comment


@example
@pytest.mark.django_db
def test_example_is_saved_without_a_warning_and_describes_its_parameters(file: Path) -> None:
    imported = import_file(file)
    assert imported.warnings == []
    described = file.read_text().partition("# Parameters:\n")[2].partition("\n#\n")[0]
    for name in imported.template.parameters_schema.get("properties", ()):
        assert re.search(rf"^#   .*\b{name}\b", described, re.MULTILINE), name


@example
@pytest.mark.django_db
def test_example_puts_no_parameter_into_a_script_and_no_secret_into_an_argument(
    file: Path,
) -> None:
    template = import_file(file).template
    for step in spec_of(template).steps:
        command = step.payload.get("command", [])
        scripts = [command[at + 1] for at, word in enumerate(command[:-1]) if word.endswith("c")]
        assert not any("{{" in script for script in scripts)
        for secret in secret_names(template.parameters_schema):
            assert f"params.{secret}" not in str(command)


@pytest.mark.django_db
def test_examples_call_functions_with_matching_arguments() -> None:
    functions.load_functions()
    steps = [step for file in EXAMPLES for step in spec_of(import_file(file).template).steps]
    payloads = [step.payload for step in steps if "python" in step.payload]
    assert {payload["python"] for payload in payloads} == {
        name for name in functions.known_functions() if name.partition(".")[0] in OURS
    }
    for payload in payloads:
        function = functions._functions[payload["python"]]
        signature(function).bind(**payload.get("kwargs", {}))


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
