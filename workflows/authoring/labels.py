"""The labels of a template: each is a text, or made of the parameters of a run."""

from collections.abc import Iterator
from typing import Any

from workflows.authoring.spec import TemplateSpec
from workflows.models.label import LONGEST_KEY, LONGEST_VALUE, MOST_LABELS, label_problems
from workflows.payloads.expressions import check_expressions, references
from workflows.payloads.names import PARAMS
from workflows.payloads.parameters import secret_names

SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Labels of its runs, by key, such as `team: data` or `day: {{ params.day }}`.",
    "additionalProperties": {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE},
    "propertyNames": {"maxLength": LONGEST_KEY},
    "maxProperties": MOST_LABELS,
}
ONLY_PARAMS = "only parameters can be used here, as in {{ params.day }}"


def template_label_problems(labels: Any, spec: TemplateSpec) -> Iterator[str]:
    """Yield what is wrong with the labels of a template, each with its key."""
    if problems := list(label_problems(labels)):
        yield from problems
        return
    secrets = secret_names(spec.parameters_schema)
    for key, text in labels.items():
        yield from (f"{key}: {why}" for why in check_expressions(text))
        for quoted, path in references(text):
            if path[0] != PARAMS or len(path) == 1:
                yield f"{key}: {quoted}: {ONLY_PARAMS}"
            elif path[1] in secrets:
                yield f"{key}: {quoted}: {path[1]} is secret, and labels are shown"
