"""`{{ params.x }}` and `{{ tasks.step_id.result.y }}` inside a payload's texts are filled in."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F
from jinja2 import Undefined, nodes
from jinja2.environment import TemplateExpression

from workflows.models import Task, TaskAttempt, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.models.fields import check_json
from workflows.payloads.expressions import (
    ENVIRONMENT,
    MARK,
    UNREADABLE,
    check_secrets,
    lookups,
    texts_in,
)
from workflows.payloads.secrets import MARK_BEGINS, marks

# It would be replaced by the secret, which the template has not meant for this runner.
FOREIGN_MARK = f"payload: a result or a parameter that it uses holds {MARK_BEGINS!r}"


class UnknownName(Exception):
    """A payload uses a name that does not exist, or an expression that cannot be computed."""


def render_payloads(
    run: WorkflowRun, tasks: Iterable[Task]
) -> dict[int, dict[str, Any] | UnknownName]:
    """
    Return, by task id, each task's payload filled in, or what is wrong with it.

    At most one statement: for the results of all tasks that the payloads name.
    """
    templated = {task.pk: task for task in tasks}
    names = {pk: list(texts_in(task.payload)) for pk, task in templated.items()}
    results = _results(run, {name for texts in names.values() for name in _steps_named(texts)})
    context = {"params": {**run.parameters, **marks(run.secrets)}, "tasks": results}
    return {
        pk: _filled(task.payload, context, run.secrets) if names[pk] else task.payload
        for pk, task in templated.items()
    }


def _filled(
    payload: dict[str, Any], context: Mapping[str, Any], secrets: Collection[str]
) -> dict[str, Any] | UnknownName:
    # Their template was saved before this was checked, or the task was made without one.
    if misuse := next(check_secrets(payload, secrets), None):
        return UnknownName(f"payload: {misuse}")
    try:
        filled: dict[str, Any] = _render(payload, context)
        check_json(filled)
        if secrets and _marks_in(filled) > _marks_in(payload) + _secrets_named(payload, secrets):
            return UnknownName(FOREIGN_MARK)
    except UnknownName as exc:
        return exc
    except ValidationError as exc:
        return UnknownName(f"payload {exc.message}")
    return filled


def _marks_in(payload: dict[str, Any]) -> int:
    return json.dumps(payload, ensure_ascii=False).count(MARK_BEGINS)


def _secrets_named(payload: dict[str, Any], secrets: Collection[str]) -> int:
    trees = map(ENVIRONMENT.parse, texts_in(payload))
    return sum(key in secrets for tree in trees for _, key in lookups(tree, "params"))


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


def _steps_named(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            tree = ENVIRONMENT.parse(text)
        except UNREADABLE:
            continue  # said again, to the task that has it, when it is rendered
        yield from (key for _, key in lookups(tree, "tasks") if isinstance(key, str))


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
