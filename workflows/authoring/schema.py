"""The JSON Schema of a template as plain data: what files, the API and the builder may hold."""

from typing import Any

from runners.base import LONGEST_TIMEOUT_S
from workflows.models.template import ApprovalLasts

PAYLOAD_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What the step does; other kinds of runners read other keys.",
    "properties": {
        "command": {
            "type": "array",
            "description": "A program and its arguments; no shell interprets them.",
            "items": {"type": "string"},
            "minItems": 1,
        },
        "cwd": {
            "type": "string",
            "description": "The folder that the command starts in.",
            "minLength": 1,
        },
        "env": {
            "type": "object",
            "description": "Variables that the command gets besides those that it always gets.",
            "additionalProperties": {"type": "string"},
        },
        "python": {
            "type": "string",
            "description": "The name of a registered function, instead of a command.",
            "minLength": 1,
        },
        "kwargs": {
            "type": "object",
            "description": "The arguments of the function or task, by name.",
        },
        # Of any type: a host may have read keys of these names before there were such tasks.
        "task": {"description": "The path of a Django task, instead of a command."},
        "args": {"description": "The arguments of the task, in order."},
    },
    "not": {"type": "object", "required": ["command", "python"]},
}
"""The types of what several kinds read; each kind declares which keys it reads."""

STEP_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A step: one node of the graph.",
    "properties": {
        "step_id": {
            "type": "string",
            "description": "By which others depend on it; unique in its template.",
            "minLength": 1,
            "maxLength": 200,
        },
        "title": {
            "type": "string",
            "description": "What people read.",
            "minLength": 1,
            "maxLength": 300,
        },
        "depends_on": {
            "type": "array",
            "description": "The steps that must be success before it.",
            "items": {"type": "string"},
        },
        "runner": {
            "type": ["string", "null"],
            "description": "The name of the runner; none: the default one.",
        },
        "payload": PAYLOAD_SCHEMA,
        "timeout_seconds": {
            "type": ["integer", "null"],
            "description": "After how many seconds it is ended and fails; none: a day.",
            "minimum": 1,
            "maximum": LONGEST_TIMEOUT_S,
        },
        "requires_approval": {
            "type": "boolean",
            "description": "It is dispatched only after somebody has approved it.",
        },
    },
    "required": ["step_id", "title"],
    "additionalProperties": False,
}

TEMPLATE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A template: a named graph of steps.",
    "properties": {
        "name": {
            "type": "string",
            "description": "What it is called.",
            "pattern": r"\S",
            "maxLength": 200,
        },
        "description": {"type": "string", "description": "What it is for."},
        "approver_must_differ": {
            "type": "boolean",
            "description": "Whoever created a run may not approve its tasks.",
        },
        "approval_lasts": {
            "type": "string",
            "description": "`reset`: a task asks again after a reset; `run`: once approved, never.",
            "enum": ApprovalLasts.values,
        },
        "parameters_schema": {
            "type": "object",
            "description": "A JSON Schema of the parameters that a run takes; empty: any.",
        },
        "steps": {
            "type": "array",
            "description": "Its steps; ready ones are dispatched in this order.",
            "items": STEP_SCHEMA,
        },
    },
    "required": ["name", "steps"],
    "additionalProperties": False,
}
