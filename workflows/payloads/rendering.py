"""Renders the expressions of payloads: `{{ params.x }}`, `{{ tasks.step_id.result.y }}`."""

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
    EXPRESSION_ERRORS,
    EXPRESSION_START,
    check_secrets,
    lookups,
    templated_texts,
)
from workflows.payloads.secrets import PLACEHOLDER_START, placeholders

# It would be replaced by the secret, which the template did not send to this runner.
FOREIGN_PLACEHOLDER = (
    f"payload: a result or a parameter that it uses contains {PLACEHOLDER_START!r}"
)


class UnknownName(Exception):
    """A payload uses an unknown name, or an expression that cannot be evaluated."""


def render_payloads(
    run: WorkflowRun, tasks: Iterable[Task]
) -> dict[int, dict[str, Any] | UnknownName]:
    """
    Return each task's rendered payload, or its error, by task id.

    At most one statement: for the results of all tasks that the payloads reference.
    """
    templated = {task.pk: task for task in tasks}
    texts = {pk: list(templated_texts(task.payload)) for pk, task in templated.items()}
    results = _results(run, {step for found in texts.values() for step in _referenced_steps(found)})
    context = {"params": {**run.parameters, **placeholders(run.secrets)}, "tasks": results}
    return {
        pk: _render_payload(task.payload, context, run.secrets) if texts[pk] else task.payload
        for pk, task in templated.items()
    }


def _render_payload(
    payload: dict[str, Any], context: Mapping[str, Any], secrets: Collection[str]
) -> dict[str, Any] | UnknownName:
    # The template was saved before this check existed, or the task has no template.
    if misuse := next(check_secrets(payload, secrets), None):
        return UnknownName(f"payload: {misuse}")
    try:
        rendered: dict[str, Any] = _render(payload, context)
        check_json(rendered)
        if secrets and _has_foreign_placeholder(payload, rendered, secrets):
            return UnknownName(FOREIGN_PLACEHOLDER)
    except UnknownName as exc:
        return exc
    except ValidationError as exc:
        return UnknownName(f"payload {exc.message}")
    return rendered


def _has_foreign_placeholder(
    payload: dict[str, Any], rendered: dict[str, Any], secrets: Collection[str]
) -> bool:
    expected = _count_placeholders(payload) + _count_secret_lookups(payload, secrets)
    return _count_placeholders(rendered) > expected


def _count_placeholders(payload: dict[str, Any]) -> int:
    return json.dumps(payload, ensure_ascii=False).count(PLACEHOLDER_START)


def _count_secret_lookups(payload: dict[str, Any], secrets: Collection[str]) -> int:
    trees = map(ENVIRONMENT.parse, templated_texts(payload))
    return sum(key in secrets for tree in trees for _, key in lookups(tree, "params"))


def _render(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _render(child, context) for key, child in value.items()}
    if isinstance(value, list):
        return [_render(child, context) for child in value]
    if not isinstance(value, str) or EXPRESSION_START not in value:
        return value
    try:
        return _render_text(value, context)
    except (*EXPRESSION_ERRORS, ArithmeticError, TypeError, ValueError) as exc:
        raise UnknownName(f"payload: {value!r}: {exc}") from exc


def _render_text(text: str, context: Mapping[str, Any]) -> Any:
    tree = ENVIRONMENT.parse(text)
    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as only])] if not isinstance(
            only, nodes.TemplateData
        ):
            return _evaluate(only, context)
    return ENVIRONMENT.from_string(tree).render(**context)


def _evaluate(expression: nodes.Expr, context: Mapping[str, Any]) -> Any:
    """Evaluate a text that is a single expression: a number stays a number."""
    assignment = nodes.Assign(nodes.Name("result", "store", lineno=1), expression, lineno=1)
    template = ENVIRONMENT.from_string(nodes.Template([assignment], lineno=1))
    value = TemplateExpression(template, undefined_to_none=False)(**context)
    if isinstance(value, Undefined):
        str(value)  # raises UndefinedError with its message
    return json.loads(json.dumps(value, allow_nan=False))


def _referenced_steps(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            tree = ENVIRONMENT.parse(text)
        except EXPRESSION_ERRORS:
            continue  # reported for its own task when it is rendered
        yield from (key for _, key in lookups(tree, "tasks") if isinstance(key, str))


def _results(run: WorkflowRun, steps: set[str]) -> dict[str, dict[str, Any]]:
    if not steps:
        return {}
    attempts = TaskAttempt.objects.filter(
        task__run=run,
        task__step_id__in=steps,
        outcome=Outcome.SUCCESS,
        number=F("task__attempt_count"),
    )
    rows = attempts.values_list("task__step_id", "result", "exit_code")
    return {
        str(step): {"result": result, "exit_code": exit_code} for step, result, exit_code in rows
    }
