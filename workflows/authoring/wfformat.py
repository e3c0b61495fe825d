"""Recorded workflows in WfFormat 1.5 (https://wfcommons.org/format), as templates."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaError

from workflows.errors import Invalid

VERSION = "1.5"
NAMES = {"type": "array", "items": {"type": "string"}}

# What is read of the format; files, machines and run times of the recording are not.
SPECIFICATION = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "parents": NAMES,
        "children": NAMES,
    },
    "required": ["id", "name"],
}
EXECUTION = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "command": {
            "type": "object",
            "properties": {"program": {"type": "string", "minLength": 1}, "arguments": NAMES},
            "required": ["program"],
        },
    },
    "required": ["id"],
}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _tasks(items: Mapping[str, Any]) -> dict[str, Any]:
    return _object(tasks={"type": "array", "items": items})


WORKFLOW = Draft202012Validator(
    _object(schemaVersion={"const": VERSION}, workflow=_object(specification=_tasks(SPECIFICATION)))
)
RECORDING = Draft202012Validator(_object(workflow=_object(execution=_tasks(EXECUTION))))
NOOP = {"python": "noop"}


def is_wfformat(data: object) -> bool:
    """Say whether data claims to be in WfFormat, in any version."""
    return isinstance(data, dict) and not {"schemaVersion", "workflow"}.isdisjoint(data)


def template_data(data: Mapping[str, Any], *, commands: bool = False) -> dict[str, Any]:
    """
    Return a template as plain data, one step per task; what forms no DAG is found by its parser.

    :param commands: steps execute what was recorded, instead of doing nothing.
    :raises Invalid: naming the task and the field.
    """
    _check(WORKFLOW, data)
    tasks = data["workflow"]["specification"]["tasks"]
    _refuse(_lost_edges(tasks))
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


def _lost_edges(tasks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the edges that only `children` know: nobody can say whether they were meant."""
    known = {(parent, task["id"]) for task in tasks for parent in task.get("parents", [])}
    for task in tasks:
        for child in task.get("children", []):
            if (task["id"], child) not in known:
                yield f"task '{task['id']}': children: '{child}' does not name it in its parents"


def _recorded_commands(
    data: Mapping[str, Any], tasks: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    _check(RECORDING, data)
    recorded = {
        task["id"]: task["command"]
        for task in data["workflow"]["execution"]["tasks"]
        if "command" in task
    }
    _refuse(
        f"task '{task['id']}': workflow.execution holds no command of it"
        for task in tasks
        if task["id"] not in recorded
    )
    return {name: {"command": _arguments(command)} for name, command in recorded.items()}


def _arguments(command: Mapping[str, Any]) -> list[str]:
    # Recorded is what was executed: its braces are text, not expressions to fill in.
    words = [command["program"], *command.get("arguments", [])]
    return [word.replace("{{", "{{ '{{' }}") for word in words]


def _check(validator: Draft202012Validator, data: Mapping[str, Any]) -> None:
    _refuse(_located(error, data) for error in validator.iter_errors(data))


MOST_PROBLEMS_NAMED = 20


def _refuse(problems: Iterable[str]) -> None:
    if found := list(problems):
        more = len(found) - MOST_PROBLEMS_NAMED
        named = found[:MOST_PROBLEMS_NAMED]
        raise Invalid({"workflow": [*named, f"and {more} more"] if more > 0 else named})


def _located(error: SchemaError, data: Any) -> str:
    match list(error.absolute_path):
        case ["workflow", "specification" | "execution" as part, "tasks", int(index), *field]:
            where = [_called(data["workflow"][part]["tasks"][index], part, index), *field]
        case field:
            where = [".".join(map(str, field))]
    return ": ".join([*filter(None, map(str, where)), error.message[:300]])


def _called(task: Any, part: str, index: int) -> str:
    name = task.get("id") if isinstance(task, dict) else None
    return f"task '{name}'" if isinstance(name, str) else f"{part} task number {index + 1}"
