"""Templates as plain data, from the API, files and the builder: checks and parsing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.core.exceptions import ValidationError
from jsonschema.exceptions import ValidationError as SchemaError

from workflows import graph
from workflows.authoring.schema import PAYLOAD_SCHEMA, STEP_SCHEMA, TEMPLATE_SCHEMA
from workflows.errors import Invalid
from workflows.models.fields import check_json
from workflows.models.template import ApprovalLasts
from workflows.payloads.suggestions import suggested, unknown
from workflows.payloads.validation import Validator
from workflows.payloads.wording import missing_name, worded

TEMPLATE_VALIDATOR = Validator(TEMPLATE_SCHEMA)
PAYLOAD_VALIDATOR = Validator(PAYLOAD_SCHEMA)
MAX_ERRORS = 20
REQUIRED = "This field is required."


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A validated step that is not stored. `runner` is a name; None means the default runner."""

    step_id: str
    title: str
    depends_on: tuple[str, ...] = ()
    runner: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    timeout_seconds: int | None = None
    requires_approval: bool = False


@dataclass(frozen=True, slots=True)
class TemplateSpec:
    """A validated template that is not stored. Its steps are in list order and form a DAG."""

    name: str
    steps: tuple[StepSpec, ...]
    description: str = ""
    approver_must_differ: bool = False
    approval_lasts: str = ApprovalLasts.RESET.value
    parameters_schema: dict[str, Any] = field(default_factory=dict)


def parse_template(data: object) -> TemplateSpec:
    """
    Return plain data as a template, if it has the shape of one; `check_template` checks the rest.

    :raises Invalid: naming each invalid field, with its step.
    """
    if problems := list(_schema_problems(data)):
        raise Invalid(by_field(problems))
    assert isinstance(data, Mapping)  # noqa: S101 (guaranteed by the schema)
    steps = data["steps"]
    graph.check([(step["step_id"], step.get("depends_on") or ()) for step in steps])
    return stored_template(data)


def stored_template(data: Mapping[str, Any]) -> TemplateSpec:
    """Return data that was checked when it was stored, also by the rules of an earlier release."""
    return TemplateSpec(
        data["name"],
        tuple(map(_parse_step, data["steps"])),
        data.get("description", ""),
        data.get("approver_must_differ", False),
        data.get("approval_lasts", ApprovalLasts.RESET.value),
        data.get("parameters_schema", {}),
    )


def plain(spec: TemplateSpec) -> dict[str, Any]:
    """Return a template as data for `parse_template`, without default values."""
    lasts = spec.approval_lasts
    fields = {
        "name": spec.name,
        "description": spec.description or None,
        "approver_must_differ": spec.approver_must_differ or None,
        "approval_lasts": lasts if lasts != ApprovalLasts.RESET else None,
        "parameters_schema": spec.parameters_schema or None,
    }
    return {**_without_defaults(fields), "steps": [_plain_step(step) for step in spec.steps]}


def _plain_step(step: StepSpec) -> dict[str, Any]:
    return _without_defaults(
        {
            "step_id": step.step_id,
            "title": step.title,
            "depends_on": list(step.depends_on) or None,
            "runner": step.runner,
            "payload": step.payload or None,
            "timeout_seconds": step.timeout_seconds,
            "requires_approval": step.requires_approval or None,
        }
    )


def _without_defaults(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def check_payload_shape(payload: object) -> Iterator[str]:
    """Yield which parts of a payload are of the wrong type."""
    for error in PAYLOAD_VALIDATOR.iter_errors(payload):
        yield ": ".join(filter(None, [_dotted(error.absolute_path), _message(error)]))


def _parse_step(step: Mapping[str, Any]) -> StepSpec:
    return StepSpec(
        step["step_id"],
        step["title"],
        tuple(dict.fromkeys(step.get("depends_on") or ())),
        step.get("runner"),
        step.get("payload", {}),
        step.get("timeout_seconds"),
        step.get("requires_approval", False),
    )


Problem = tuple[str, str]
"""A field and its error message."""


def _schema_problems(data: object) -> Iterator[Problem]:
    try:
        check_json(data)
    except ValidationError as exc:
        yield "non_field_errors", f"The template {exc.message}."
        return
    for error in TEMPLATE_VALIDATOR.iter_errors(data):
        yield from _field_problems(error, data)


def _field_problems(error: SchemaError, data: Any) -> Iterator[Problem]:
    path = list(error.absolute_path)
    if not path:
        yield from _top_level_problems(error)
    elif path == ["steps"]:
        yield "steps", f"the list of steps: {_message(error)}"
    elif path[0] != "steps":
        yield str(path[0]), _message(error)
    else:
        step = data["steps"][path[1]]
        named = step.get("step_id") if isinstance(step, dict) else None
        is_named = isinstance(named, str) and named
        where = f"step '{named}'" if is_named else f"step number {int(path[1]) + 1}"
        yield "steps", ": ".join(filter(None, [where, _dotted(path[2:]), _message(error)]))


def _top_level_problems(error: SchemaError) -> Iterator[Problem]:
    given: Any = error.instance
    known = TEMPLATE_SCHEMA["properties"]
    match error.validator:
        case "required":
            yield missing_name(error), REQUIRED
        case "additionalProperties":
            for name in sorted(name for name in map(str, given) if name not in known):
                yield name, unknown("field", name, known)
        case _:
            yield "non_field_errors", "A template must be an object with a name and steps."


def _message(error: SchemaError) -> str:
    match error.validator:
        case "pattern":
            return "must not be blank"
        case "not":
            return "contains both 'command' and 'python'; keep one"
        case "required":
            return f"{missing_name(error)}: {REQUIRED}"
        case "additionalProperties":
            known, given = STEP_SCHEMA["properties"], cast("dict[str, Any]", error.instance)
            names = sorted(name for name in map(str, given) if name not in known)
            return "; ".join(f"{name}: unknown field; {suggested(name, known)}" for name in names)
    return worded(error)


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


def by_field(problems: Sequence[Problem]) -> dict[str, list[str]]:
    """Return the first problems by their field, and how many more there are."""
    fields: dict[str, list[str]] = {}
    for name, text in problems[:MAX_ERRORS]:
        fields.setdefault(name, []).append(text)
    if (more := len(problems) - MAX_ERRORS) > 0:
        fields[problems[-1][0]] = [*fields.get(problems[-1][0], []), f"and {more} more"]
    return fields
