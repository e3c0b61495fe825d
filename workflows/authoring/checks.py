"""
What can be known about a template before it runs, beyond its shape.

An error keeps a template from being saved, unless the saved one has it already: somebody must be
able to mend one step at night although another is wrong. Then it is a warning.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runners.functions import argument_problem, known_functions
from runners.kinds import backend_of, backends, kinds_reading
from runners.models import Runner
from workflows.authoring.django_tasks import task_problems
from workflows.authoring.references import References
from workflows.authoring.spec import (
    MAX_ERRORS,
    StepSpec,
    TemplateSpec,
    by_field,
    check_payload_shape,
)
from workflows.errors import Invalid
from workflows.models.bounds import cut
from workflows.payloads.expressions import check_expressions, check_secrets, check_statements
from workflows.payloads.parameters import (
    check_schema,
    missing_parameters,
    properties,
    secret_names,
    takes_other_parameters,
)
from workflows.payloads.suggestions import nearest, suggested
from workflows.payloads.syntax import EXPRESSION_START

Kinds = Mapping[str | None, str]
"""The kind of each runner by its name, and that of the default one by None."""

NOTHING_TO_DO = (
    "payload: there is nothing to do: give it one of {}; as it is, the step fails when it is "
    'executed. {{"python": "noop"}} does nothing and succeeds'
)
READ_WITH = {"cwd": ("command",), "env": ("command",), "kwargs": ("python",)}
READ_BY_EXECUTORS = {**READ_WITH, "args": ("task",), "kwargs": ("python", "task")}
"""With which work a key is read: by any kind, and by those whose attempts executors claim."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a field of a template; the text names its step, too."""

    field: str
    text: str
    is_error: bool = True
    step_id: str = ""


def check_template(
    spec: TemplateSpec,
    kinds: Kinds,
    *,
    saved: TemplateSpec | None = None,
    step_id: str = "",
) -> None:
    """
    Refuse a template with errors that the saved one does not have.

    :param step_id: the one step that matters; by default, all do.
    :raises Invalid: naming each, with its step and field.
    """
    errors = [
        finding
        for finding in findings(spec, kinds)
        if finding.is_error and (not step_id or finding.step_id in {"", step_id})
    ]
    known = set(findings(saved, kinds)) if errors and saved else set()
    if new := [(each.field, each.text) for each in errors if each not in known]:
        raise Invalid(by_field(new))


def warnings_of(spec: TemplateSpec) -> list[str]:
    """Return what is wrong with a saved template, the first problems of many; one statement."""
    found = list(findings(spec, kinds_of_runners()))
    texts = [f"{each.field}: {each.text}" if each.field != "steps" else each.text for each in found]
    more = [f"and {len(texts) - MAX_ERRORS} more"] if len(texts) > MAX_ERRORS else []
    return texts[:MAX_ERRORS] + more


def lone_task_problems(payload: dict[str, Any], runner: str | None) -> Iterator[str]:
    """
    Yield what is wrong with the payload of a task that is in no run; at most one statement.

    There is nothing that it could wait for, and no schema of the parameters of its later run.
    """
    if shape := list(check_payload_shape(payload)):
        yield from shape
        return
    yield from _text_problems(payload, ())
    task = StepSpec("", "", runner=runner, payload=payload)
    names = References([], {})
    names.read(task)
    kind = kinds_of_runners().get(runner)
    for text, is_error in _payload_problems(task, kind, _functions()):
        if is_error:
            yield text.removeprefix("payload.")
    yield from names.problems_alone()


def findings(spec: TemplateSpec, kinds: Kinds) -> Iterator[Finding]:
    """Yield what is wrong with a template that has the right shape."""
    schema_problems = list(check_schema(spec.parameters_schema))
    yield from (Finding("parameters_schema", text) for text in schema_problems)
    schema = {} if schema_problems else spec.parameters_schema
    yield from _unknown_required(schema)
    secrets, functions = secret_names(schema), _functions()
    names = References(spec.steps, schema)
    for step in spec.steps:
        for text in _text_problems(step.payload, secrets):
            yield _in_step(step, f"payload: {text}")
        names.read(step)  # now, while the trees of its texts are at hand
        for text, is_error in _payload_problems(step, kinds.get(step.runner), functions):
            yield _in_step(step, text, is_error=is_error)
    for step, text, is_error in names.problems():
        yield _in_step(step, f"payload: {text}", is_error=is_error)


def _unknown_required(schema: dict[str, Any]) -> Iterator[Finding]:
    """Yield which required parameters the schema does not describe: no form asks for them."""
    is_error = not takes_other_parameters(schema)
    for name in missing_parameters(schema, schema.get("required", ())):
        meant = nearest(name, properties(schema))
        remedy = f"did you mean '{meant}'? Otherwise add" if meant else "add"
        why = f"required: '{name}' is none of the properties; {remedy} it to them"
        yield Finding("parameters_schema", cut(why), is_error)


def _in_step(step: StepSpec, text: str, *, is_error: bool = True) -> Finding:
    return Finding("steps", f"step '{step.step_id}': {cut(text)}", is_error, step.step_id)


def _text_problems(payload: object, secrets: Collection[str]) -> Iterator[str]:
    yield from check_expressions(payload)
    yield from check_statements(payload)
    yield from check_secrets(payload, secrets)


def kinds_of_runners() -> Kinds:
    """Return the kinds of all runners; one statement."""
    kinds: dict[str | None, str] = {}
    for name, kind, is_default in Runner.objects.values_list("name", "kind", "is_default"):
        kinds[name] = kind
        if is_default:
            kinds[None] = kind
    return kinds


def findings_when_saved(spec: TemplateSpec) -> Iterator[Finding]:
    """Yield what saving would refuse or warn of; two statements at most."""
    kinds = kinds_of_runners()
    yield from findings(spec, kinds)
    unknown = {
        step.step_id: step.runner for step in spec.steps if step.runner not in {None, *kinds}
    }
    texts = unknown_runners(set(filter(None, unknown.values()))) if unknown else {}
    for step in spec.steps:
        if name := unknown.get(step.step_id):
            yield _in_step(step, f"runner: {texts[name]}")


def unknown_runners(names: Iterable[str]) -> dict[str, str]:
    """Return what is wrong with each name that no runner has; one statement."""
    known = list(Runner.objects.order_by("name").values_list("name", flat=True))
    text = "there is no runner named '{}'; {}"
    return {name: text.format(name, suggested(name, known)).removesuffix("; ") for name in names}


def _functions() -> Iterable[str] | None:
    try:
        return known_functions()
    except ImportError:
        return None  # the start of a process says so, and the builder


def _payload_problems(
    step: StepSpec, kind: str | None, functions: Iterable[str] | None
) -> Iterator[tuple[str, bool]]:
    for key in step.payload:
        if problem := _key_problem(key, kind, is_named=step.runner is not None):
            yield problem
    yield from _command_problems(step.payload)
    backend = backend_of(kind) if kind else None
    is_executed = backend is None or backend.claims
    read_with = READ_BY_EXECUTORS if is_executed else READ_WITH
    yield from ((text, True) for text in _stray_problems(step.payload, read_with))
    if functions is not None and is_executed:
        yield from _function_problems(step, list(functions))
    if is_executed:
        yield from task_problems(step.payload)
    if backend and backend.work_keys and not step.payload.keys() & set(backend.work_keys):
        yield NOTHING_TO_DO.format(" or ".join(map(repr, backend.work_keys))), False


def _command_problems(payload: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield what no system could execute."""
    if not payload.get("command", [True])[0]:
        yield "payload.command.0: an empty text names no program", True
    for name in payload.get("env", ()):
        if "=" in name:
            yield f"payload.env: the name of a variable contains no '=', as '{name}' does", True


def _key_problem(key: str, kind: str | None, *, is_named: bool) -> tuple[str, bool] | None:
    reading = kinds_reading(key)
    read = backend_of(kind).payload_keys if kind else reading
    if read is None or key in read or (kind is None and reading):
        return None
    if not reading:
        return f"payload.{key}: unknown key; {suggested(key, _keys_of_all_kinds())}", True
    why = f"runners of kind {kind} ignore it; {suggested(key, read)}"
    remedy = f"remove it, or choose a runner of kind {' or '.join(reading)}"
    return f"payload.{key}: {why}; {remedy}", is_named


def _stray_problems(
    payload: Mapping[str, Any], read_with: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Yield the keys of a command beside a function, and those of a function beside a command."""
    has_work = any(has in payload for works in read_with.values() for has in works)
    for key, works in read_with.items():
        if key in payload and has_work and not any(work in payload for work in works):
            yield f"payload.{key}: only a {' or '.join(map(repr, works))} reads it; remove it"


def _keys_of_all_kinds() -> list[str]:
    return list(
        dict.fromkeys(key for each in backends().values() for key in each.payload_keys or ())
    )


def _function_problems(step: StepSpec, functions: list[str]) -> Iterator[tuple[str, bool]]:
    name = step.payload.get("python")
    if not isinstance(name, str) or EXPRESSION_START in name:
        return
    if name not in functions:
        why = f"no function named '{name}' is registered here; {suggested(name, functions)}"
        yield f"payload.python: {why}", True
    elif problem := argument_problem(name, step.payload.get("kwargs", ())):
        yield f"payload.kwargs: '{name}' does not take these: {problem}", False
