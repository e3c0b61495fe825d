"""What a person is told if the rows of a run cannot be worked with: a refusal with a sentence."""

import logging
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Concatenate, ParamSpec, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django_fsm import ConcurrentTransition

from workflows.db.doors import InsideTransaction
from workflows.db.refusals import is_refusal
from workflows.errors import Invalid, RunSetAside, WorkflowError
from workflows.models import Approval, Task
from workflows.runs.bulkhead import note_trouble, trouble_of

Rest = ParamSpec("Rest")
Result = TypeVar("Result")
REFUSALS = (WorkflowError, ConcurrentTransition, ObjectDoesNotExist, InsideTransaction)
"""What is raised on purpose, or because somebody else was quicker."""

logger = logging.getLogger(__name__)


def says_what_is_wrong(
    operation: Callable[Concatenate[int, Rest], Result],
) -> Callable[Concatenate[int, Rest], Result]:
    """
    Refuse an operation that raises what nobody has foreseen, and note that on its run.

    The operation's first argument is the id of a run, a task or an approval, and named so.
    """
    takes = signature(operation)
    named = next(iter(takes.parameters))

    @wraps(operation)
    def call(row_id: int, /, *rest: Rest.args, **named_rest: Rest.kwargs) -> Result:
        # What the caller mistypes is no trouble of the run.
        takes.bind(row_id, *rest, **named_rest)
        if not isinstance(row_id, int):
            raise Invalid({named: [f"Give an id, which is a whole number, not {row_id!r}."]})
        try:
            return operation(row_id, *rest, **named_rest)
        except REFUSALS:
            raise
        except Exception as exc:
            if is_refusal(exc):
                raise
            raise _set_aside(named, row_id, operation.__name__, exc) from exc

    return call


def _set_aside(named: str, row_id: int, doing: str, exc: Exception) -> RunSetAside:
    run_id = _run_of(named, row_id)
    logger.error("Workflow run %s: %s failed.", run_id, doing, exc_info=exc)
    note_trouble(run_id, doing, exc)
    return RunSetAside(run_id, trouble_of(doing, exc))


def _run_of(named: str, row_id: int) -> int | None:
    match named:
        case "task_id":
            return Task.objects.values_list("run_id", flat=True).filter(pk=row_id).first()
        case "approval_id":
            runs = Approval.objects.values_list("task__run_id", flat=True)
            return runs.filter(pk=row_id).first()
    return row_id
