"""What earlier steps of a run have left for the payloads of later ones."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db import models
from django.db.models import F
from jinja2 import StrictUndefined, nodes

from workflows.models import LogPiece, TaskAttempt, WorkflowRun
from workflows.models.attempt import LARGEST_PIECE, TAIL, Outcome
from workflows.payloads.expressions import lookups, templated_texts
from workflows.payloads.names import TASKS
from workflows.payloads.secrets import MASK
from workflows.payloads.syntax import parsed
from workflows.payloads.work import BadExpression

MASKED = re.compile(rf"(?<!\*)(?:{re.escape(MASK)})+(?!\*)")
MASKED_SIGN = "\ufdd0"
"""Stands for the mask while a payload is rendered, and is no character of any language."""

OWN_COLUMNS = {"result", "exit_code"}
"""What the row of an attempt holds; its output has to be put together from its log."""
NOTHING_LEFT = (
    "step '{}' has left nothing: it was marked success by hand, or is not upstream of this step"
)


def left_by_steps(run: WorkflowRun, texts: Collection[str]) -> dict[str, Any]:
    """
    Return what the successful steps have left that these texts refer to, by step id.

    Whoever uses what another step has left is told why there is nothing.

    One statement, and another one if an output is wanted.
    """
    references = set(_references(texts))
    steps = {step for step, _ in references}
    if not steps:
        return {}
    if (given := run.given_results) is not None:
        return {**_nothing_of(steps - {*given}), **_given_by(given, steps & {*given})}
    found: dict[str, dict[str, Any]] = {}
    may_be_masked = {}
    columns = ("task__step_id", "result", "exit_code", "runner__secret_names")
    for name, result, exit_code, secret_names in _last_attempts(run, steps).values_list(*columns):
        step = str(name)
        # Without a secret there was nothing to mask: a row of asterisks is what it is.
        may_be_masked[step] = bool(run.secret_names) or secret_names != []
        marked = _with_masks_marked(result) if may_be_masked[step] else result
        found[step] = {"result": marked, "exit_code": exit_code}
    wanted = {step for step, wants_output in references if wants_output and step in found}
    for step, text in _outputs(run, wanted).items():
        found[step]["output"] = _end_of(text, may_be_masked=may_be_masked[step])
    return {**found, **_nothing_of(steps - {*found})}


def steps_used(payload: object) -> set[str]:
    """Return the steps whose results, outputs or exit codes a payload uses."""
    return {step for step, _ in _references(templated_texts(payload))}


def _nothing_of(steps: Collection[str]) -> dict[str, Any]:
    return {step: StrictUndefined(hint=NOTHING_LEFT.format(step)) for step in steps}


def _given_by(given: dict[str, Any], steps: Collection[str]) -> dict[str, Any]:
    """Return what a trial was given; it was left by another run, so anything may be masked."""
    return {step: _with_masks_marked(given[step]) for step in steps}


def _references(texts: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield each step that is referred to, and whether its output is: also with all of it."""
    for text in texts:
        try:
            tree = parsed(text)
        except BadExpression:
            continue  # reported for its own task when it is rendered
        keys = _keys_below(tree)
        for node, step in lookups(tree, TASKS):
            if isinstance(step, str):
                yield step, keys.get(id(node)) not in OWN_COLUMNS


def _keys_below(tree: nodes.Template) -> dict[int, object]:
    """Return the constant keys that are looked up, by the node in which they are."""
    keys: dict[int, object] = {}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match node:
            case nodes.Getattr(node=parent, attr=key):
                keys[id(parent)] = key
            case nodes.Getitem(node=parent, arg=nodes.Const(value=str(key))):
                keys[id(parent)] = key
    return keys


def _last_attempts(run: WorkflowRun, steps: Collection[str]) -> models.QuerySet[TaskAttempt]:
    return TaskAttempt.objects.filter(
        task__run=run,
        task__step_id__in=steps,
        outcome=Outcome.SUCCESS,
        number=F("task__attempt_count"),
    )


def _outputs(run: WorkflowRun, steps: Collection[str]) -> dict[str, str]:
    """Return a little more than the last characters of the logs of steps."""
    if not steps:
        return {}
    # A length of 0 is one that is not known: then all of the log is read.
    pieces = LogPiece.objects.filter(
        attempt__in=_last_attempts(run, steps),
        offset__gte=F("attempt__log_length") - TAIL - LARGEST_PIECE,
    )
    texts: dict[str, list[str]] = {step: [] for step in steps}
    for step, text in pieces.order_by("offset").values_list("attempt__task__step_id", "text"):
        texts[str(step)].append(text)
    return {step: "".join(each) for step, each in texts.items()}


def _end_of(text: str, *, may_be_masked: bool) -> str:
    text = text.replace(MASKED_SIGN, "\ufffd")
    marked = _marked(text) if may_be_masked else text  # before a mask can be cut
    return marked[-TAIL:].strip()


def _with_masks_marked(result: Any) -> Any:
    text = json.dumps(result, ensure_ascii=False)
    return json.loads(_marked(text)) if MASK in text else result


def _marked(text: str) -> str:
    return MASKED.sub(lambda found: MASKED_SIGN * len(found[0]), text)
