"""What is wrong with the settings of a webhook, before any delivery comes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from jinja2 import nodes

from workflow_triggers.deliveries.verdict import as_text
from workflow_triggers.models import Preset, Webhook
from workflow_triggers.models.trigger import LONGEST_LABEL
from workflow_triggers.models.webhook import LONGEST_HEADER, MOST_PER_MINUTE
from workflows.errors import Invalid
from workflows.models.fields import check_json, check_json_object
from workflows.models.queued import HIGHEST_PRIORITY
from workflows.payloads.expressions import (
    check_expressions,
    check_statements,
    references,
    templated_texts,
)
from workflows.payloads.parameters import (
    missing_parameters,
    properties,
    secret_names,
    take_parameters,
    takes_other_parameters,
)
from workflows.payloads.suggestions import meant_or_known
from workflows.payloads.syntax import EXPRESSION_START, parsed, quoted_text
from workflows.payloads.work import BadExpression

NAMES = ("body", "headers", "query")
ONE_EXPRESSION = "Write one expression, without braces: body.ref == 'refs/heads/main'."
LONGEST_CONDITION = 5_000
LONGEST_SECRET = 500
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
DEFINITIONS = ("$schema", "$defs", "definitions")
EXPLICIT = "a secret: give its value under 'parameters', where it is encrypted"


def check_webhook(webhook: Webhook, schema: dict[str, Any]) -> None:
    """
    Accept the settings of a webhook for a template whose parameters have this schema.

    :raises Invalid: naming each setting that is wrong.
    """
    problems = {
        "name": [*_name_problems(webhook.name)],
        "preset": [*_preset_problems(webhook.preset)],
        "parameters": [*_given_problems(webhook.parameters, schema)],
        "expressions": [*_expression_problems(webhook, schema)],
        "condition": [*_condition_problems(webhook.condition)],
        "delivery_header": [*_header_problems(webhook.delivery_header)],
        "most_per_minute": [*_number_problems(webhook.most_per_minute, 1, MOST_PER_MINUTE)],
        "priority": [*_number_problems(webhook.priority, -HIGHEST_PRIORITY, HIGHEST_PRIORITY)],
    }
    if wrong := {name: texts for name, texts in problems.items() if texts}:
        raise Invalid(wrong)


def check_secret(secret: Any) -> None:
    """
    Accept what a sender signs with; none is accepted, too.

    :raises Invalid: if it is no text, or too long.
    """
    if not isinstance(secret, str | None) or len(secret or "") > LONGEST_SECRET:
        raise Invalid({"secret": [f"Give a text of at most {LONGEST_SECRET} characters."]})
    if "\0" in (secret or "") or not (secret or "").isascii():
        raise Invalid({"secret": ["Give letters, digits and signs of ASCII."]})


def take_given(
    schema: dict[str, Any], given: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Return fixed parameters with their secrets masked, and the values of the secrets.

    :raises Invalid: naming each that the schema does not take.
    """
    try:
        check_json_object(given)
    except ValidationError as exc:
        raise Invalid({"parameters": [f"This field {text}." for text in exc.messages]}) from None
    # What the schema requires may come from an expression, or from a default.
    known = {name: each for name, each in properties(schema).items() if name in given}
    part = {name: schema[name] for name in DEFINITIONS if name in schema}
    return take_parameters({**part, "properties": known, "additionalProperties": True}, given)


def _name_problems(name: Any) -> Iterator[str]:
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_LABEL:
        yield f"Give a name of 1 to {LONGEST_LABEL} characters."
    else:
        yield from _unstorable(name)


def _unstorable(value: Any) -> Iterator[str]:
    try:
        check_json(value)
    except ValidationError as exc:
        yield from (f"This field {text}." for text in exc.messages)


def _preset_problems(preset: Any) -> Iterator[str]:
    if preset not in Preset.values:
        yield f"Choose one of: {', '.join(Preset.values)}."


def _number_problems(number: Any, least: int, most: int) -> Iterator[str]:
    if type(number) is not int or not least <= number <= most:
        yield f"Give a whole number from {least:,} to {most:,}."


def _header_problems(header: Any) -> Iterator[str]:
    is_name = isinstance(header, str) and HEADER.fullmatch(header) and len(header) <= LONGEST_HEADER
    if header != "" and not is_name:
        yield f"Give the name of a header: X-Delivery-Id; at most {LONGEST_HEADER} characters."


def _condition_problems(condition: Any) -> Iterator[str]:
    if not isinstance(condition, str):
        yield ONE_EXPRESSION
    elif len(condition) > LONGEST_CONDITION:
        yield f"Give at most {LONGEST_CONDITION:,} characters."
    elif condition:
        yield from [*_unstorable(condition)] or [*_wrong_condition(condition)]


def _wrong_condition(condition: str) -> Iterator[str]:
    if EXPRESSION_START in condition:
        yield ONE_EXPRESSION
        return
    try:
        parts = [part for output in parsed(as_text(condition)).body for part in output.nodes]  # type: ignore[attr-defined]
    except BadExpression as exc:
        yield f"{quoted_text(condition)}: {exc}"
        return
    if len(parts) != 1 or isinstance(parts[0], nodes.TemplateData):
        yield ONE_EXPRESSION
        return
    yield from _foreign_names(as_text(condition))


def _foreign_names(value: Any) -> Iterator[str]:
    for text, (name, *_) in references(value):
        if name not in NAMES:
            yield f"{text}: unknown name '{name}'; {meant_or_known(name, NAMES)}"


def _given_problems(given: Any, schema: dict[str, Any]) -> Iterator[str]:
    yield from _excluded(given, schema)
    for name, value in given.items():
        if next(templated_texts(value), None):
            yield f"{name}: an expression; give it under 'expressions'"


def _expression_problems(webhook: Webhook, schema: dict[str, Any]) -> Iterator[str]:
    given = webhook.expressions
    try:
        check_json_object(given)
    except ValidationError as exc:
        yield from (f"This field {text}." for text in exc.messages)
        return
    yield from check_expressions(given)
    yield from check_statements(given)
    yield from _foreign_names(given)
    yield from _excluded(given, schema)
    for name in given:
        if name in webhook.parameters:
            yield f"{name}: it has a value under 'parameters'; give it once"
    for name in secret_names(schema):
        if given.get(name) and not next(templated_texts(given[name]), None):
            yield f"{name}: {EXPLICIT}"


def _excluded(given: Mapping[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """Yield the names of parameters that the template does not take."""
    if not schema or takes_other_parameters(schema):
        return
    known = [*properties(schema)]
    for name in missing_parameters(schema, given):
        yield f"{name}: the template has no such parameter; {meant_or_known(name, known)}"
