"""Renders the expressions of payloads: `{{ params.x }}`, `{{ tasks.step_id.result.y }}`."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC
from typing import Any

from django.core.exceptions import ValidationError
from jinja2 import Undefined, nodes
from jinja2.exceptions import UndefinedError

from runners.base import storable
from workflows.models import Task, WorkflowRun
from workflows.models.bounds import LONGEST_REASON, cut
from workflows.models.fields import check_json, check_json_object
from workflows.payloads.evaluation import Scope, why_failed
from workflows.payloads.expressions import check_secrets, lookups, templated_texts
from workflows.payloads.filters import spelled
from workflows.payloads.names import KNOWN_NAMES, PARAMS, TASKS
from workflows.payloads.secrets import MASK, PLACEHOLDER_START, placeholders
from workflows.payloads.syntax import EXPRESSION_START, check_amount, parsed, quoted_text
from workflows.payloads.upstream import MASKED_SIGN, left_by_steps
from workflows.payloads.work import BadExpression, Work

# It would be replaced by the secret, which the template did not send to this runner.
FOREIGN_PLACEHOLDER = (
    f"payload: a result, an output or a parameter that it uses contains {PLACEHOLDER_START!r}"
)

HINT_ON_NAMES = (
    f" (known: {', '.join(KNOWN_NAMES)}; to print braces literally, write {{{{ '{{{{…}}}}' }}}})"
)

MASKED_RESULT = (
    "payload: it uses a result or an output in which a secret was masked, so it would work with "
    f"{MASK!r}; "
    "use the secret itself, as in {{ params.token }}, in each step that needs it"
)


class UnknownName(Exception):
    """A payload uses an unknown name, or an expression that cannot be evaluated."""


def render_payloads(
    run: WorkflowRun, tasks: Iterable[Task]
) -> dict[int, dict[str, Any] | UnknownName]:
    """
    Return each task's rendered payload, or its error, by task id.

    Whatever a payload raises is the error of its task alone. At most two statements: for the
    results and for the outputs of all tasks, where the payloads refer to them.
    """
    found: dict[int, dict[str, Any] | UnknownName] = {}
    templated: list[Task] = []
    texts: set[str] = set()
    for task in tasks:
        found[task.pk] = task.payload
        try:
            check_json_object(task.payload)
        except ValidationError as exc:  # stored by hand, or by a release that did not check it
            found[task.pk] = UnknownName(f"payload {exc.message}")
            continue
        if own := list(templated_texts(task.payload)):
            templated.append(task)
            texts.update(own)
    if templated:
        context = _context(run, texts)
        found |= {task.pk: _render_payload(run, task, context) for task in templated}
    return found


def parameter_text(run: WorkflowRun, text: str) -> str | None:
    """
    Return a text with the parameters of a run filled in; secrets are not among them.

    :returns: None if it uses what this run does not have, or cannot be evaluated.
    """
    if EXPRESSION_START not in text:
        return text
    hidden = {*run.secret_names}
    shown = {name: value for name, value in run.parameters.items() if name not in hidden}
    try:
        value = _render_text(text, Scope({PARAMS: shown}, Work()))
    except Exception:  # noqa: BLE001 (whatever an author's expression raises must fail no run)
        return None
    return value if isinstance(value, str) else None if value is None else spelled(value)


def _context(run: WorkflowRun, texts: Collection[str]) -> dict[str, Any]:
    if not isinstance(run.parameters, dict):
        raise TypeError("the stored parameters are no object")
    created_at = run.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")  # as in the API
    return {
        PARAMS: {**run.parameters, **placeholders(run.secret_names)},
        TASKS: left_by_steps(run, texts),
        "run": {"id": run.pk, "created_at": created_at},
    }


def _render_payload(
    run: WorkflowRun, task: Task, context: Mapping[str, Any]
) -> dict[str, Any] | UnknownName:
    own = {"task": {"attempt": task.attempt_count + 1}}  # the one that is about to be made
    try:
        return _render_checked(task.payload, {**context, **own}, run.secret_names)
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
    if context[TASKS] and MASKED_SIGN in json.dumps(rendered, ensure_ascii=False):
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
    return HINT_ON_NAMES if is_name else ""


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
