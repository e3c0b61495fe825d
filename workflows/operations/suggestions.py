"""Which operations would help a run that stands still, as data for other programs."""

from collections.abc import Iterable
from typing import Any

from workflows.insight.clauses import Suggestion
from workflows.operations import catalog
from workflows.operations.catalog import Operation

LABELS = {each.name: each.label for each in vars(catalog).values() if isinstance(each, Operation)}
OTHER_LABELS = {"enable": "Enable", "see": "See to"}
"""Of what is no operation but a change of a row."""


def suggested_actions(suggestions: Iterable[Suggestion]) -> list[dict[str, Any]]:
    """Return operations with their labels, and the rows to carry them out on."""
    return [
        {
            "operation": each.operation,
            "label": (LABELS | OTHER_LABELS)[each.operation],
            "target": {"type": each.target, "id": each.id},
        }
        for each in suggestions
    ]
