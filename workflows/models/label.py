"""Labels: short facts about a run, by which runs are found again."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from workflows.models.fields import check_json
from workflows.models.run import WorkflowRun

LONGEST_KEY = 63
LONGEST_VALUE = 200
MOST_LABELS = 30
"""How many labels a run or a template may have."""
KEY = re.compile(r"\w(?:[\w./-]*\w)?")
KEY_WANTED = "letters, digits and _ . / - inside, such as team or cost.center"


class RunLabel(models.Model):
    """One label of a run. Events say who has given it; only its present value is here."""

    run = models.ForeignKey(WorkflowRun, models.CASCADE, related_name="labels", db_index=False)
    key = models.CharField(max_length=LONGEST_KEY)
    value = models.CharField(max_length=LONGEST_VALUE)

    class Meta:
        ordering = ["key"]
        default_permissions = ()  # whoever may see the run may see its labels
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="runlabel_unique_key")]
        indexes = [models.Index(fields=["key", "value", "run"], name="runlabel_by_value")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


def label_problems(labels: object, *, may_remove: bool = False) -> Iterator[str]:
    """
    Yield what is wrong with labels by key.

    :param may_remove: a value may be None, which removes the label.
    """
    if not isinstance(labels, Mapping):
        yield 'must be an object of texts, such as {"team": "data"}'
        return
    if len(labels) > MOST_LABELS:
        yield f"{len(labels)} labels are too many; at most {MOST_LABELS} are kept"
        return
    for key, value in labels.items():
        if not KEY.fullmatch(key) or len(key) > LONGEST_KEY:
            yield f"{key[:LONGEST_KEY]!r} is no key of a label: 1 to {LONGEST_KEY} {KEY_WANTED}"
        elif not (may_remove and value is None):
            yield from (f"{key}: {why}" for why in _value_problems(value))


def _value_problems(value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield "must be a text: put it into quotes"
        return
    if not 0 < len(value.strip()) <= len(value) <= LONGEST_VALUE:
        yield f"must have 1 to {LONGEST_VALUE} characters, not only spaces"
        return
    try:
        check_json(value)
    except ValidationError as exc:
        yield str(exc.message)
    if not value.isprintable():
        yield "must be one line without control characters"


def labels_of(run_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return the labels of runs by run and key, without those that have none; one statement."""
    found: dict[int, dict[str, str]] = {}
    rows = RunLabel.objects.filter(run__in=list(run_ids)).order_by("run", "key")
    for run_id, key, value in rows.values_list("run_id", "key", "value"):
        found.setdefault(run_id, {})[key] = value
    return found
