"""The labels of new runs: those of the template, some made of parameters, and those given."""

from collections.abc import Mapping

from workflows.errors import Invalid
from workflows.models import RunLabel, WorkflowRun
from workflows.models.actor import shortened
from workflows.models.label import LONGEST_VALUE, label_problems
from workflows.payloads.rendering import parameter_text
from workflows.payloads.secrets import masked


def take_labels(run: WorkflowRun, given: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    """
    Give a new run labels of its own; no value of a secret becomes one.

    :raises Invalid: naming each that is wrong, or that there are too many.
    """
    check_labels(given)
    run.given_labels = masked(dict(given), secrets.values())
    check_labels(labels_of_new(run))


def check_labels(labels: Mapping[str, str | None], *, may_remove: bool = False) -> None:
    """
    Accept labels by key.

    :raises Invalid: naming each that is wrong.
    """
    if problems := list(label_problems(labels, may_remove=may_remove)):
        raise Invalid({"labels": problems})


def labels_of_new(run: WorkflowRun) -> dict[str, str]:
    """Return the labels of a new run; those that were given replace those of the template."""
    rules = run.template.labels if run.template else {}
    made = {key: _made(run, text) for key, text in rules.items() if key not in run.given_labels}
    return {key: value for key, value in made.items() if value} | dict(run.given_labels)


def store_labels(run: WorkflowRun, labels: Mapping[str, str]) -> None:
    """Store the labels of a new run."""
    if labels:
        RunLabel.objects.bulk_create(
            RunLabel(run=run, key=key, value=value) for key, value in labels.items()
        )


def _made(run: WorkflowRun, text: str) -> str:
    """Return the value that a template's label has for this run; empty if it can have none."""
    words = (parameter_text(run, text) or "").split()
    return shortened(" ".join(filter(str.isprintable, words)), LONGEST_VALUE)
