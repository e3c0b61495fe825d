"""Keep runs from being removed by retention, and let them go again."""

from django.utils import timezone

from workflows.db.doors import nestable
from workflows.errors import Invalid
from workflows.models import EventType, WorkflowRun
from workflows.models.actor import By, as_actor
from workflows.models.bounds import cut
from workflows.operations.checks import check_keep, check_let_go, enforce
from workflows.operations.trouble import says_what_is_wrong
from workflows.runs.events import record
from workflows.runs.locks import lock_run
from workflows.runs.trail import save_trail


@says_what_is_wrong
@nestable
def keep(run_id: int, *, by: By, reason: str = "") -> WorkflowRun:
    """
    Keep a run with its logs and secrets, however old it gets, until somebody lets it go.

    :raises NotFound: if there is no such run.
    :raises Conflict: if it is kept already.
    :raises Invalid: without a reason: who finds it in a year has to know.
    """
    by = as_actor(by)
    if not reason.strip():
        raise Invalid({"reason": ["Say why it is kept: who finds it in a year has to know."]})
    run = lock_run(run_id)
    enforce(check_keep(run, by))
    run.kept_at, run.kept_by, run.kept_reason = timezone.now(), by.name, cut(reason)
    record(EventType.RUN_KEPT, run=run, by=by, reason=reason, at=run.kept_at)
    return _store(run)


@says_what_is_wrong
@nestable
def let_go(run_id: int, *, by: By, reason: str = "") -> WorkflowRun:
    """
    Keep a run no longer than other runs of its template.

    :raises NotFound: if there is no such run.
    :raises Conflict: if nobody keeps it.
    """
    by = as_actor(by)
    run = lock_run(run_id)
    enforce(check_let_go(run, by))
    run.kept_at, run.kept_by, run.kept_reason = None, "", ""
    record(EventType.RUN_NOT_KEPT, run=run, by=by, reason=reason)
    return _store(run)


def _store(run: WorkflowRun) -> WorkflowRun:
    kept = {name: getattr(run, name) for name in ("kept_at", "kept_by", "kept_reason")}
    WorkflowRun.objects.filter(pk=run.pk).update(**kept)
    save_trail(run)
    return run
