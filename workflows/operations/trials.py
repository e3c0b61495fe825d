"""Starts trials: runs of a draft that nobody has saved."""

from collections.abc import Mapping
from typing import Any

from workflows.db.doors import nestable
from workflows.models import WorkflowRun
from workflows.models.actor import By, as_actor
from workflows.operations.start import as_json, begin_once_committed
from workflows.runs.trials import Draft, create_trial


@nestable
def start_trial(
    draft: Draft,
    parameters: Mapping[str, Any] | None = None,
    *,
    by: By,
    in_background: bool = False,
) -> WorkflowRun:
    """
    Create a trial, which begins once that is committed.

    :param in_background: submit what is dispatched in a thread, so that nobody waits for hosts.
    :raises Invalid: naming what is wrong with the draft, its parameters, or the given results.
    """
    actor = as_actor(by)
    run = create_trial(draft, as_json(parameters or {}), by=actor)
    begin_once_committed(run, by=actor, in_background=in_background)
    return run
