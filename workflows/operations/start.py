"""The operation that starts a run: creates it, and dispatches what is ready after the commit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypedDict, Unpack

from runners import transaction
from workflows.authoring.files import template_named
from workflows.db import failpoints
from workflows.db.doors import nestable
from workflows.dispatch.auto_dispatch import Send, advance_alone
from workflows.dispatch.background import submit_in_background
from workflows.dispatch.claims import NO_CLAIM, ClaimRequest
from workflows.dispatch.submission import submit
from workflows.errors import Invalid
from workflows.models import RunState, WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor, By, as_actor
from workflows.runs.again import Again
from workflows.runs.creation import create_run

TemplateGiven: TypeAlias = WorkflowTemplate | int | str
"""A template, its id, or its name."""


class RunWanted(TypedDict, total=False):
    """What else `start_run` takes, each by its name."""

    template_id: int | None
    """The id of the template, if that is not given first."""
    task_ids: Sequence[int]
    """Existing tasks that are in no run yet, in this order, instead of a template's."""
    again: Again | None
    """The run that this one repeats."""
    labels: Mapping[str, str] | None
    """Besides those of its template."""
    initiated_by: str
    """Another name to be shown, of whoever has asked the caller for it."""
    trigger: dict[str, Any] | None
    """What started it, if no person did: `{kind, id, name, moment}`."""


@nestable
def start_run(
    template: TemplateGiven | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    by: By,
    auto_dispatch: bool = False,
    in_background: bool = False,
    **wanted: Unpack[RunWanted],
) -> WorkflowRun:
    """
    Create a run; one with auto-dispatch begins once that is committed.

    If this process dies in between, a round of periodic work begins the run. Whatever goes wrong
    after the commit is no refusal: the run exists.

    :param template: a template, its id, or its name.
    :param auto_dispatch: dispatch what is ready, now and later; otherwise, people do.
    :param in_background: submit what is dispatched in a thread, so that nobody waits for hosts.
    :raises NotFound: if the template or a task does not exist.
    :raises Conflict: if a task is in a run already, or is not pending; if several templates have
        the name.
    :raises Invalid: if there is nothing to run, or the parameters are not what the template takes.
    """
    actor = as_actor(by)
    if template is not None:
        wanted["template_id"] = _id_of(template)
    given = as_json(parameters)
    run = create_run(by=actor, parameters=given, auto_dispatch=auto_dispatch, **wanted)
    if run.auto_dispatch:
        begin_once_committed(run, by=actor, in_background=in_background)
    return run


def as_json(parameters: Mapping[str, Any] | None) -> Any:
    """Return parameters as they are read back: lists for tuples, texts as names."""
    given = dict(parameters) if isinstance(parameters, Mapping) else parameters
    try:
        return json.loads(json.dumps(given))
    except (TypeError, ValueError, RecursionError) as exc:
        raise Invalid({"parameters": [f"not valid JSON: {exc}"]}) from None


def _id_of(template: TemplateGiven) -> int:
    if isinstance(template, str):
        return template_named(template).pk
    if not isinstance(template, WorkflowTemplate):
        return template
    if template.pk is None:
        raise Invalid({"template": [f"Save the template '{template}' first."]})
    return template.pk


@nestable
def prepare_run(
    parameters: Mapping[str, Any], *, by: Actor, **wanted: Unpack[RunWanted]
) -> WorkflowRun:
    """
    Create a run with auto-dispatch, as `start_run` does, that its caller begins.

    If this process dies before, a round of periodic work begins the run.
    """
    return create_run(by=by, parameters=as_json(parameters), auto_dispatch=True, **wanted)


def begin_if_created(run_id: int, *, by: Actor, request: ClaimRequest = NO_CLAIM) -> None:
    """
    Begin a run with auto-dispatch that nobody has begun yet; outside any transaction.

    :param request: what the caller's executor claims of it, before any other can.
    """
    if WorkflowRun.objects.filter(pk=run_id, state=RunState.CREATED).exists():
        advance_alone(run_id, by=by, spares_resting=False, request=request)
        failpoints.point("run.begun")


def begin_once_committed(run: WorkflowRun, *, by: Actor, in_background: bool) -> None:
    """Dispatch what is ready of a new run once it is committed."""
    send = submit_in_background if in_background else submit
    transaction.on_commit(lambda: _begin(run.pk, send, by=by), robust=True)


def _begin(run_id: int, send: Send, *, by: Actor) -> None:
    failpoints.point("run.committed")
    advance_alone(run_id, by=by, spares_resting=False, send=send)
