"""Removes the values of secret parameters from ended runs; their names stay."""

from django.db.models import QuerySet
from django.utils import timezone

from runners import transaction
from workflows.db import failpoints
from workflows.models import EventType, WorkflowRun
from workflows.models.actor import Actor
from workflows.payloads.rotation import FORGOTTEN
from workflows.runs.events import record
from workflows.runs.trail import save_trail

MOST_RUNS = 50
"""So many runs in one transaction."""


@transaction.atomic
def remove_some_secrets(runs: QuerySet[WorkflowRun], *, by: Actor, reason: str) -> int | None:
    """
    Remove the secrets of some of these runs; return of how many that had any.

    :param runs: those whose secrets may be removed.
    :returns: None if there is no such run, or none is free.
    """
    locked = runs.select_for_update(skip_locked=True).defer("last_dispatch")
    found = sorted(locked[:MOST_RUNS], key=lambda run: run.pk)
    if not found:
        return None
    with_secrets = [run for run in found if run.secrets or run.encrypted_secrets]
    for run in with_secrets:
        event = record(EventType.RUN_SECRETS_REMOVED, run=run, by=by, reason=reason)
        save_trail(run)
        WorkflowRun.objects.filter(pk=run.pk).update(
            secrets={},
            encrypted_secrets=dict.fromkeys(run.secret_names, FORGOTTEN),
            secrets_removed_at=event.created_at,
        )
    without = {run.pk for run in found} - {run.pk for run in with_secrets}
    WorkflowRun.objects.filter(pk__in=without).update(secrets_removed_at=timezone.now())
    failpoints.point("retention.secrets")
    return len(with_secrets)
