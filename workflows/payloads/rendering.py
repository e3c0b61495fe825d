"""Renders the expressions of payloads: `{{ params.x }}`, `{{ tasks.step_id.result.y }}`."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F
from jinja2 import nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import UndefinedError

from workflows.models import Task, TaskAttempt, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.models.fields import check_json
from workflows.payloads.expressions import (
    ENVIRONMENT,
    EXPRESSION_START,
    BadExpression,
    check_secrets,
    lookups,
    parsed,
    plain_value,
    quoted_text,
    templated_texts,
    why_failed,
)
from workflows.payloads.secrets import MASK, PLACEHOLDER_START, placeholders

# It would be replaced by the secret, which the template did not send to this runner.
FOREIGN_PLACEHOLDER = (
    f"payload: a result or a parameter that it uses contains {PLACEHOLDER_START!r}"
)

KNOWN_NAMES = " (known: params, tasks; to print braces literally, write {{ '{{…}}' }})"

MASKED = re.compile(rf"(?<!\*)(?:{re.escape(MASK)})+(?!\*)")
MASKED_SIGN = "\ufdd0"
"""Stands for the mask while a payload is rendered, and is no character of any language."""
MASKED_RESULT = (
    f"payload: it uses a result in which a secret was masked, so it would work with {MASK!r}; "
    "use the secret itself, as in {{ params.token }}, in each step that needs it"
)


class UnknownName(Exception):
    """A payload uses an unknown name, or an expression that cannot be evaluated."""


def render_payloads(
    run: WorkflowRun, tasks: Iterable[Task]
) -> dict[int, dict[str, Any] | UnknownName]:
    """
    Return each task's rendered payload, or its error, by task id.

    Whatever an expression raises is the error of its task alone. At most one statement: for the
    results of all tasks that the payloads reference.
    """
    templated = {task.pk: task for task in tasks}
    texts = {pk: list(templated_texts(task.payload)) for pk, task in templated.items()}
    results = _results(run, {step for found in texts.values() for step in _referenced_steps(found)})
    context = {"params": {**run.parameters, **placeholders(run.secret_names)}, "tasks": results}
    return {
        pk: _render_payload(task.payload, context, run.secret_names) if texts[pk] else task.payload
        for pk, task in templated.items()
    }


def _render_payload(
    payload: dict[str, Any], context: Mapping[str, Any], secrets: Collection[str]
) -> dict[str, Any] | UnknownName:
    try:
        return _render_checked(payload, context, secrets)
    except UnknownName as exc:
        return exc
    except ValidationError as exc:
        return UnknownName(f"payload {exc.message}")


def _render_checked(
    payload: dict[str, Any], context: Mapping[str, Any], secrets: Collection[str]
) -> dict[str, Any]:
    # The template was saved before this check existed, or the task has no template.
    if misuse := next(check_secrets(payload, secrets), None):
        raise UnknownName(f"payload: {misuse}")
    rendered: dict[str, Any] = _render(payload, context)
    check_json(rendered)
    if secrets and _has_foreign_placeholder(payload, rendered, secrets):
        raise UnknownName(FOREIGN_PLACEHOLDER)
    if context["tasks"] and MASKED_SIGN in json.dumps(rendered, ensure_ascii=False):
        raise UnknownName(MASKED_RESULT)
    return rendered


def _has_foreign_placeholder(
    payload: dict[str, Any], rendered: dict[str, Any], secrets: Collection[str]
) -> bool:
    expected = _count_placeholders(payload) + _count_secret_lookups(payload, secrets)
    return _count_placeholders(rendered) > expected


def _count_placeholders(payload: dict[str, Any]) -> int:
    return json.dumps(payload, ensure_ascii=False).count(PLACEHOLDER_START)


def _count_secret_lookups(payload: dict[str, Any], secrets: Collection[str]) -> int:
    trees = map(parsed, templated_texts(payload))
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
    except Exception as exc:
        # Whatever an author's expression raises must fail this task alone, never its run.
        why = f"{why_failed(exc)}{_hint_on_names(exc)}"
        raise UnknownName(f"payload: {quoted_text(value)}: {why}") from exc


def _hint_on_names(exc: Exception) -> str:
    is_name = isinstance(exc, UndefinedError) and str(exc).endswith("is undefined")
    return KNOWN_NAMES if is_name else ""


def _render_text(text: str, context: Mapping[str, Any]) -> Any:
    tree = parsed(text)
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
    value = plain_value(TemplateExpression(template, undefined_to_none=False)(**context))
    return json.loads(json.dumps(value, allow_nan=False))


def _referenced_steps(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            tree = parsed(text)
        except BadExpression:
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
    columns = ("task__step_id", "result", "exit_code", "runner__secret_names")
    found = {}
    for step, result, exit_code, secret_names in attempts.values_list(*columns):
        # Without a secret there was nothing to mask: a row of asterisks is what it is.
        may_be_masked = run.secret_names or secret_names != []
        found[str(step)] = {
            "result": _with_masks_marked(result) if may_be_masked else result,
            "exit_code": exit_code,
        }
    return found


def _with_masks_marked(result: Any) -> Any:
    text = json.dumps(result, ensure_ascii=False)
    if MASK not in text:
        return result
    return json.loads(MASKED.sub(lambda found: MASKED_SIGN * len(found[0]), text))
