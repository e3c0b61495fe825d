"""`{{ params.x }}` and `{{ tasks.step_id.result.y }}` inside a payload's texts are filled in."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F
from jinja2 import StrictUndefined, TemplateError, Undefined, nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workflows.models import Task, TaskAttempt, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.models.fields import check_json
from workflows.secrecy import marks

MARK = "{{"
UNREADABLE = (TemplateError, RecursionError)
FILTERS = "abs default first float int last length list lower sort string title trim unique upper"
LONGEST_JOIN = 1_000_000
MOST_DIGITS = 15


class UnknownName(Exception):
    """A payload uses a name that does not exist, or an expression that cannot be computed."""


class _Environment(ImmutableSandboxedEnvironment):
    # Payloads are rendered under the run's lock: no expression may take long or grow large.
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) for side in (left, right)) or operator == "**":
            raise SecurityError(f"operator {operator} is not available here")
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        return False

    def getattr(self, obj: Any, attribute: str) -> Any:
        # What payloads see is JSON: a dot is a key, never a method of a Python object.
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        try:
            return obj[argument]
        except (LookupError, TypeError):
            return self.undefined(hint=f"unknown name '{argument}'{_known(obj)}")


def _join(items: Iterable[Any], separator: str = "") -> str:
    texts = [str(item) for item in items]
    if len(texts) * len(separator) > LONGEST_JOIN:
        raise SecurityError(f"join: makes more than {LONGEST_JOIN} characters of separators")
    return separator.join(texts)


def _round(number: float, digits: int = 0) -> float:
    if abs(digits) > MOST_DIGITS:
        raise SecurityError(f"round: at most {MOST_DIGITS} digits")
    return round(number, digits)


def _tojson(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


# Jinja's own take arguments that make little data large, or little work long.
OWN_FILTERS = {"join": _join, "round": _round, "tojson": _tojson}


def _known(obj: Any) -> str:
    names = list(obj)[:10] if isinstance(obj, dict) else []
    return f" (known: {', '.join(map(str, names))})" if names else ""


def _make_environment() -> _Environment:
    # Only expressions: the marks of statements and comments are ones that no text contains.
    environment = _Environment(
        undefined=StrictUndefined,
        block_start_string="\0%",
        block_end_string="%\0",
        comment_start_string="\0#",
        comment_end_string="#\0",
        keep_trailing_newline=True,
    )
    known = {name: environment.filters[name] for name in FILTERS.split()}
    environment.filters = {**known, **OWN_FILTERS}
    environment.globals = {}
    return environment


ENVIRONMENT = _make_environment()


def fill_in(run: WorkflowRun, tasks: Iterable[Task]) -> dict[int, dict[str, Any] | UnknownName]:
    """
    Return, by task id, each task's payload filled in, or what is wrong with it.

    At most one statement: for the results of all tasks that the payloads name.
    """
    templated = {task.pk: task for task in tasks}
    names = {pk: list(_expressions(task.payload)) for pk, task in templated.items()}
    results = _results(run, {name for texts in names.values() for name in _steps_named(texts)})
    context = {"params": {**run.parameters, **marks(run.secrets)}, "tasks": results}
    return {
        pk: _filled(task.payload, context) if names[pk] else task.payload
        for pk, task in templated.items()
    }


def check_expressions(payload: object) -> Iterator[str]:
    """Yield what is wrong with the syntax of a payload's expressions."""
    for text in _expressions(payload):
        try:
            ENVIRONMENT.parse(text)
        except UNREADABLE as exc:
            yield f"{text!r}: {exc}"


def _filled(payload: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any] | UnknownName:
    try:
        filled: dict[str, Any] = _render(payload, context)
        check_json(filled)
    except UnknownName as exc:
        return exc
    except ValidationError as exc:
        return UnknownName(f"payload {exc.message}")
    return filled


def _render(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _render(child, context) for key, child in value.items()}
    if isinstance(value, list):
        return [_render(child, context) for child in value]
    if not isinstance(value, str) or MARK not in value:
        return value
    try:
        return _render_text(value, context)
    except (*UNREADABLE, ArithmeticError, TypeError, ValueError) as exc:
        raise UnknownName(f"payload: {value!r}: {exc}") from exc


def _render_text(text: str, context: Mapping[str, Any]) -> Any:
    tree = ENVIRONMENT.parse(text)
    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as only])] if not isinstance(
            only, nodes.TemplateData
        ):
            return _value(only, context)
    return ENVIRONMENT.from_string(tree).render(**context)


def _value(expression: nodes.Expr, context: Mapping[str, Any]) -> Any:
    """Compute a text that is one expression and nothing else: a number stays a number."""
    kept = nodes.Assign(nodes.Name("result", "store", lineno=1), expression, lineno=1)
    template = ENVIRONMENT.from_string(nodes.Template([kept], lineno=1))
    value = TemplateExpression(template, undefined_to_none=False)(**context)
    if isinstance(value, Undefined):
        str(value)  # raises, in its own words
    return json.loads(json.dumps(value, allow_nan=False))


def _expressions(payload: object) -> Iterator[str]:
    if isinstance(payload, str):
        if MARK in payload:
            yield payload
        return
    children = payload.values() if isinstance(payload, dict) else payload
    if isinstance(payload, dict | list):
        for child in children:  # type: ignore[attr-defined]
            yield from _expressions(child)


def _steps_named(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            tree = ENVIRONMENT.parse(text)
        except UNREADABLE:
            continue  # said again, to the task that has it, when it is rendered
        for found in tree.find_all((nodes.Getattr, nodes.Getitem)):
            yield from _step_named(found)


def _step_named(found: nodes.Node) -> Iterator[str]:
    match found:
        case (
            nodes.Getattr(node=nodes.Name(name="tasks"), attr=str(name))
            | nodes.Getitem(node=nodes.Name(name="tasks"), arg=nodes.Const(value=str(name)))
        ):
            yield name


def _results(run: WorkflowRun, steps: set[str]) -> dict[str, dict[str, Any]]:
    if not steps:
        return {}
    ended = TaskAttempt.objects.filter(
        task__run=run,
        task__step_id__in=steps,
        outcome=Outcome.SUCCESS,
        number=F("task__attempt_count"),
    )
    rows = ended.values_list("task__step_id", "result", "exit_code")
    return {
        str(step): {"result": result, "exit_code": exit_code} for step, result, exit_code in rows
    }
