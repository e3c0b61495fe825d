"""Renders the expressions of payloads: `{{ params.x }}`, `{{ tasks.step_id.result.y }}`."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F
from jinja2 import Undefined, nodes
from jinja2.exceptions import UndefinedError

from runners.base import storable
from workflows.models import Task, TaskAttempt, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.models.bounds import LONGEST_REASON, cut
from workflows.models.fields import check_json, check_json_object
from workflows.payloads.evaluation import Scope, why_failed
from workflows.payloads.expressions import check_secrets, lookups, templated_texts
from workflows.payloads.secrets import MASK, PLACEHOLDER_START, placeholders
from workflows.payloads.syntax import EXPRESSION_START, check_amount, parsed, quoted_text
from workflows.payloads.work import BadExpression, Work

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

    Whatever a payload raises is the error of its task alone. At most one statement: for the
    results of all tasks that the payloads reference.
    """
    found: dict[int, dict[str, Any] | UnknownName] = {}
    templated: dict[int, dict[str, Any]] = {}
    texts: set[str] = set()
    for task in tasks:
        found[task.pk] = task.payload
        try:
            check_json_object(task.payload)
        except ValidationError as exc:  # stored by hand, or by a release that did not check it
            found[task.pk] = UnknownName(f"payload {exc.message}")
            continue
        if own := list(templated_texts(task.payload)):
            templated[task.pk] = task.payload
            texts.update(own)
    if templated:
        context = _context(run, texts)
        found |= {pk: _render_payload(run, each, context) for pk, each in templated.items()}
    return found


def _context(run: WorkflowRun, texts: Collection[str]) -> dict[str, Any]:
    if not isinstance(run.parameters, dict):
        raise TypeError("the stored parameters are no object")
    results = _results(run, set(_referenced_steps(texts)))
    return {"params": {**run.parameters, **placeholders(run.secret_names)}, "tasks": results}


def _render_payload(
    run: WorkflowRun, payload: dict[str, Any], context: Mapping[str, Any]
) -> dict[str, Any] | UnknownName:
    try:
        return _render_checked(payload, context, run.secret_names)
    except UnknownName as exc:
        return exc
    except BadExpression as exc:
        return UnknownName(f"payload: {exc}")
    except ValidationError as exc:
        return UnknownName(f"payload {exc.message}")


def _render_checked(
    payload: dict[str, Any], context: Mapping[str, Any], secrets: Collection[str]
) -> dict[str, Any]:
    check_amount(list(templated_texts(payload)))
    # The template was saved before this check existed, or the task has no template.
    if misuse := next(check_secrets(payload, secrets), None):
        raise UnknownName(f"payload: {misuse}")
    rendered: dict[str, Any] = _render(payload, Scope(context, Work()))
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


def _render(value: Any, scope: Scope) -> Any:
    if isinstance(value, dict):
        return {key: _render(child, scope) for key, child in value.items()}
    if isinstance(value, list):
        return [_render(child, scope) for child in value]
    if not isinstance(value, str) or EXPRESSION_START not in value:
        return value
    try:
        return _render_text(value, scope)
    except Exception as exc:
        # Whatever an author's expression raises must fail this task alone, never its run.
        why = storable(cut(f"{why_failed(exc)}{_hint_on_names(exc)}", most=LONGEST_REASON))
        raise UnknownName(f"payload: {quoted_text(value)}: {why}") from exc


def _hint_on_names(exc: Exception) -> str:
    is_name = isinstance(exc, UndefinedError) and str(exc).endswith("is undefined")
    return KNOWN_NAMES if is_name else ""


def _render_text(text: str, scope: Scope) -> Any:
    """Evaluate a text: one that is a single expression keeps the type of its value."""
    parts = [part for output in parsed(text).body for part in output.nodes]  # type: ignore[attr-defined]
    if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
        value = scope.value(parts[0])
        scope.work.keep(value)
        if isinstance(value, Undefined):
            return str(value)
        return json.loads(json.dumps(value, allow_nan=False))
    texts = [scope.text(part) for part in parts]
    for each in texts:
        scope.work.keep(each)
    return "".join(texts)


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
