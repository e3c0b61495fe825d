"""Running again: what a new run takes from an earlier one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.timezone import localtime

from workflows.authoring.versions import version_of
from workflows.errors import Conflict, Invalid
from workflows.models import WorkflowRun
from workflows.models.actor import Actor
from workflows.payloads.parameters import (
    missing_parameters,
    properties,
    secret_names,
    takes_other_parameters,
)
from workflows.payloads.secrets import readable_parameters
from workflows.runs.locks import LARGEST_ID, no_such_run

REUSE_SECRETS = "workflows.reuse_secrets"
TRY_AGAIN = "try it again where it is drawn"
ASKED = "{}: give it again: it is secret, and {}"


@dataclass(frozen=True, slots=True)
class Again:
    """Which run is repeated, and what of it."""

    run_id: int
    latest: bool = False
    """With the latest version of its template, not the one that it had."""
    with_parameters: bool = True
    """False if all parameters are given anew: only secrets are taken from it then."""


def earlier_run(again: Again, template_id: int | None, task_ids: Sequence[int]) -> WorkflowRun:
    """
    Return the run that is to be repeated.

    :raises NotFound: if it does not exist.
    :raises Invalid: if something else to run is named, too, or it was made of existing tasks.
    :raises Conflict: if its template was deleted.
    """
    if template_id is not None or task_ids:
        name = "workflow_template_id" if template_id is not None else "task_ids"
        raise Invalid({name: ["Leave it out: again_of names what is run."]})
    found = None
    if abs(again.run_id) <= LARGEST_ID:
        runs = WorkflowRun.objects.select_related("template").defer("last_dispatch")
        found = runs.filter(pk=again.run_id).first()
    if found is None:
        raise no_such_run(again.run_id)
    if found.is_trial:
        raise Invalid({"again_of": [f"{found} tried a draft, which is not kept: {TRY_AGAIN}"]})
    if not found.expands_template:
        raise Invalid({"again_of": [f"{found} was made of existing tasks: create them again."]})
    if found.template is None:
        raise Conflict(f"the template of {found} was deleted: it cannot be run again")
    return found


def schema_of(run: WorkflowRun) -> dict[str, Any]:
    """Return the schema of the parameters that a new run takes, of the version that it has."""
    if run.template is None:
        return {}
    number = run.copied_from.template_version if run.copied_from else None
    found: dict[str, Any] = run.template.parameters_schema
    if number not in {None, run.template.version}:
        found = version_of(run.template.pk, number or 0).content.get("parameters_schema", {})
    return found


def may_reuse_secrets(earlier: WorkflowRun, by: Actor) -> bool:
    """Return True for the person who gave them, and for others with a permission of its own."""
    return bool(by.user and by.user == earlier.created_by_user) or by.may(REUSE_SECRETS)


def shown_parameters(earlier: WorkflowRun, schema: dict[str, Any]) -> dict[str, Any]:
    """
    Return the parameters of a run that this schema takes.

    Without those that it does not know and excludes, and without secrets, then or in this schema.
    """
    unfit = {*earlier.secret_names, *secret_names(schema)}
    if not takes_other_parameters(schema):
        unfit |= {*missing_parameters(schema, earlier.parameters)}
    return {name: value for name, value in earlier.parameters.items() if name not in unfit}


def repeat(
    run: WorkflowRun, earlier: WorkflowRun, again: Again, given: dict[str, Any], *, by: Actor
) -> dict[str, Any]:
    """
    Let a new run copy the tasks of an earlier one, unless it takes the latest version.

    :returns: its parameters: those of the earlier run that its version takes, and what is given.
    :raises Invalid: naming the secrets that must be given again.
    """
    run.copied_from = None if again.latest else earlier
    schema = schema_of(run)
    shown = shown_parameters(earlier, schema) if again.with_parameters else {}
    kept = _secrets_again(earlier, schema, given, by=by)
    taken = {**shown, **kept, **given}
    run.left_out = [name for name in earlier.parameters if name not in taken]
    return taken


def _secrets_again(
    earlier: WorkflowRun, schema: dict[str, Any], given: dict[str, Any], *, by: Actor
) -> dict[str, str]:
    known = properties(schema)
    wanted = [name for name in earlier.secret_names if name in known and name not in given]
    if not wanted:
        return {}
    if not may_reuse_secrets(earlier, by):
        why = f"{earlier.creator} has given it to {earlier}"
        raise Invalid({"parameters": [ASKED.format(name, why) for name in wanted]})
    values = readable_parameters(earlier)
    if lost := [name for name in wanted if name not in values]:
        why = f"no key can read what {earlier} was given"
        if earlier.secrets_removed_at:
            why = (
                f"that of {earlier} was removed on {localtime(earlier.secrets_removed_at):%Y-%m-%d}"
            )
        raise Invalid({"parameters": [ASKED.format(name, why) for name in lost]})
    # What is no secret any more would be shown.
    secret = secret_names(schema)
    return {name: values[name] for name in wanted if name in secret}
