"""Converts recorded workflows in WfFormat 1.5 (https://wfcommons.org/format) to templates."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaError

from workflows.errors import Invalid
from workflows.payloads.wording import worded

VERSION = "1.5"
STRINGS = {"type": "array", "items": {"type": "string"}}

# The parts of the format that are read; recorded files, machines and run times are ignored.
SPECIFICATION_TASK = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "parents": STRINGS,
        "children": STRINGS,
    },
    "required": ["id", "name"],
}
EXECUTION_TASK = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "command": {
            "type": "object",
            "properties": {"program": {"type": "string", "minLength": 1}, "arguments": STRINGS},
            "required": ["program"],
        },
    },
    "required": ["id"],
}


def _object_schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _tasks_schema(items: Mapping[str, Any]) -> dict[str, Any]:
    return _object_schema(tasks={"type": "array", "items": items})


WORKFLOW_VALIDATOR = Draft202012Validator(
    _object_schema(
        schemaVersion={"const": VERSION},
        workflow=_object_schema(specification=_tasks_schema(SPECIFICATION_TASK)),
    )
)
EXECUTION_VALIDATOR = Draft202012Validator(
    _object_schema(workflow=_object_schema(execution=_tasks_schema(EXECUTION_TASK)))
)
NOOP = {"python": "noop"}


def is_wfformat(data: object) -> bool:
    """Return True if the data looks like WfFormat, in any version."""
    return isinstance(data, dict) and not {"schemaVersion", "workflow"}.isdisjoint(data)


def template_data(data: Mapping[str, Any], *, commands: bool = False) -> dict[str, Any]:
    """
    Return a template as plain data, one step per task; `parse_template` checks that it is a DAG.

    :param commands: steps execute the recorded commands instead of doing nothing.
    :raises Invalid: naming the task and the field.
    """
    _validate(WORKFLOW_VALIDATOR, data)
    tasks = data["workflow"]["specification"]["tasks"]
    _raise_if_any(_one_sided_edges(tasks))
    payloads = _recorded_commands(data, tasks) if commands else {}
    steps = [
        {
            "step_id": task["id"],
            "title": task["name"],
            "depends_on": task.get("parents", []),
            "payload": payloads.get(task["id"], NOOP),
        }
        for task in tasks
    ]
    kept = {name: data[name] for name in ("name", "description") if name in data}
    return {**kept, "steps": steps}


def _one_sided_edges(tasks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the ambiguous edges: in `children`, but not in the child's `parents`."""
    edges = {(parent, task["id"]) for task in tasks for parent in task.get("parents", [])}
    for task in tasks:
        for child in task.get("children", []):
            if (task["id"], child) not in edges:
                yield f"task '{task['id']}': children: '{child}' does not name it in its parents"


def _recorded_commands(
    data: Mapping[str, Any], tasks: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    _validate(EXECUTION_VALIDATOR, data)
    recorded = {
        task["id"]: task["command"]
        for task in data["workflow"]["execution"]["tasks"]
        if "command" in task
    }
    _raise_if_any(
        f"task '{task['id']}': workflow.execution has no command for it"
        for task in tasks
        if task["id"] not in recorded
    )
    return {name: {"command": _command_line(command)} for name, command in recorded.items()}


def _command_line(command: Mapping[str, Any]) -> list[str]:
    # The recorded command was executed as it is: braces in it are text, not expressions.
    words = [command["program"], *command.get("arguments", [])]
    return [word.replace("{{", "{{ '{{' }}") for word in words]


def _validate(validator: Draft202012Validator, data: Mapping[str, Any]) -> None:
    _raise_if_any(_with_task(error, data) for error in validator.iter_errors(data))


MAX_PROBLEMS = 20


def _raise_if_any(problems: Iterable[str]) -> None:
    if found := list(problems):
        more = len(found) - MAX_PROBLEMS
        named = found[:MAX_PROBLEMS]
        raise Invalid({"workflow": [*named, f"and {more} more"] if more > 0 else named})


def _with_task(error: SchemaError, data: Any) -> str:
    match list(error.absolute_path):
        case ["workflow", "specification" | "execution" as part, "tasks", int(index), *field]:
            where = [_task_name(data["workflow"][part]["tasks"][index], part, index), *field]
        case field:
            where = [".".join(map(str, field))]
    return ": ".join([*filter(None, map(str, where)), worded(error)])


def _task_name(task: Any, part: str, index: int) -> str:
    name = task.get("id") if isinstance(task, dict) else None
    return f"task '{name}'" if isinstance(name, str) else f"{part} task number {index + 1}"
