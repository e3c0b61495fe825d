"""WfFormat 1.5: each recorded task becomes a step."""

from typing import Any

import pytest

from tests.authoring.conftest import Write, refusal, run
from workflows.authoring.files import template_named
from workflows.authoring.spec import StepSpec
from workflows.authoring.store import spec_of
from workflows.payloads.wording import TYPES

pytestmark = pytest.mark.django_db

Tasks = list[dict[str, Any]]


def task(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    """Return a task of a specification."""
    return {"name": f"{name}.exe", "id": name, "parents": list(parents), **more}


def recording(tasks: Tasks, executed: Tasks | None = None, **more: Any) -> dict[str, Any]:
    """Return a file's content."""
    workflow: dict[str, Any] = {"specification": {"tasks": tasks, "files": []}}
    if executed is not None:
        workflow["execution"] = {"makespanInSeconds": 1, "tasks": executed}
    return {"name": "Recorded", "schemaVersion": "1.5", "workflow": workflow, **more}


DIAMOND = [
    task("split", children=["left", "right"]),
    task("left", "split", children=["join"]),
    task("right", "split", children=["join"]),
    task("join", "left", "right", children=[]),
]


def steps(name: str = "Recorded") -> tuple[StepSpec, ...]:
    """Return the steps of a stored template."""
    return spec_of(template_named(name)).steps


def test_a_task_becomes_a_step_that_does_nothing(write: Write) -> None:
    run("import_workflow", write("w.json", recording(DIAMOND, description="A diamond")))
    assert spec_of(template_named("Recorded")).description == "A diamond"
    assert steps()[3] == StepSpec("join", "join.exe", ("left", "right"), None, {"python": "noop"})
    assert [step.step_id for step in steps()] == ["split", "left", "right", "join"]


def test_commands_option_makes_steps_execute_the_recorded_commands(write: Write) -> None:
    executed = [
        {"id": "a", "command": {"program": "tar", "arguments": ["-c", "{{ x }}"]}},
        {"id": "b", "command": {"program": "true"}},
    ]
    file = write("w.json", recording([task("a"), task("b", "a")], executed))
    run("import_workflow", file, "--commands")
    assert [step.payload for step in steps()] == [
        {"command": ["tar", "-c", "{{ '{{' }} x }}"]},  # taken literally, not as an expression
        {"command": ["true"]},
    ]


def test_a_task_without_a_recorded_command_is_named(write: Write) -> None:
    file = write("w.json", recording([task("a"), task("b")], [{"id": "a"}]))
    assert refusal("import_workflow", file, "--commands").splitlines() == [
        f"{file}: task 'a': workflow.execution has no command for it",
        f"{file}: task 'b': workflow.execution has no command for it",
    ]


def test_commands_option_is_refused_without_recorded_commands(write: Write) -> None:
    file = write("t.yaml", "name: T\nsteps:\n- step_id: a\n  title: A\n")
    assert "--commands is for WfFormat files" in refusal("import_workflow", file, "--commands")
    file = write("w.json", recording(DIAMOND))
    output = refusal("import_workflow", file, "--commands")
    assert output == f"{file}: workflow: execution: this property is required"


def test_edge_in_parents_only_is_accepted(write: Write) -> None:
    run("import_workflow", write("w.json", recording([task("a", children=[]), task("b", "a")])))
    assert steps()[1].depends_on == ("a",)


@pytest.mark.parametrize(
    ("tasks", "why"),
    [
        ([], "a template needs at least one step"),
        ([task("a", "b"), task("b", "a")], "cycle: a → b → a"),
        ([task("a"), task("b", "c"), task("c", "b")], "cycle: b → c → b"),
        ([task("a", "a")], "step 'a' depends on itself"),
        ([task("a", "nope")], "step 'a' depends on unknown step 'nope'"),
        ([task("a"), task("a")], "duplicate step_id 'a'"),
        ([task("a"), {"name": "b"}], "specification task number 2: id: this property is required"),
        ([{"id": "a"}], "task 'a': name: this property is required"),
        ([task("a"), {**task("b"), "parents": "a"}], "task 'b': parents: 'a' is not a list"),
        ([7], "specification task number 1: 7 is not an object"),
        ([task("a", children=["b"]), task("b")], "task 'a': children: 'b' does not name it"),
        ([task("x" * 201)], f"step '{'x' * 201}': step_id: "),
    ],
)
def test_recording_that_is_not_a_dag_is_refused(tasks: Tasks, why: str, write: Write) -> None:
    file = write("w.json", recording(tasks))
    assert refusal("import_workflow", file).startswith(f"{file}: {why}")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"schemaVersion": "1.4"}, "schemaVersion: '1.5' was expected"),
        ({"schemaVersion": 1.5}, "schemaVersion: '1.5' was expected"),
        (
            {"workflow": []},
            f"workflow: [] is not an object; {TYPES['object']}",
        ),
        ({"workflow": {"tasks": []}}, "workflow: specification: this property is required"),
        ({"name": 7}, 'name: 7 is not a text; put it in quotes: "7"'),
    ],
)
def test_another_format_is_refused(changed: dict[str, Any], why: str, write: Write) -> None:
    file = write("w.json", recording(DIAMOND, **changed))
    assert refusal("import_workflow", file) == f"{file}: {why}"


def test_a_file_without_its_version_is_refused(write: Write) -> None:
    content = recording(DIAMOND)
    del content["schemaVersion"]
    assert "schemaVersion: this property is required" in refusal(
        "import_workflow", write("w.json", content)
    )


def test_only_the_first_of_many_problems_are_named(write: Write) -> None:
    file = write("w.json", recording([{"name": "x"} for _ in range(50)]))
    output = refusal("import_workflow", file).splitlines()
    assert (len(output), output[-1]) == (21, f"{file}: and 30 more")
