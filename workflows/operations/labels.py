"""Operations that say something about a run and change nothing else: labels and notes."""

from collections.abc import Mapping

from workflows.db.doors import nestable
from workflows.errors import Invalid
from workflows.models import EventType, RunLabel, WorkflowRun
from workflows.models.actor import By, as_actor
from workflows.models.label import labels_of
from workflows.operations.trouble import says_what_is_wrong
from workflows.payloads.secrets import masked, readable_parameters
from workflows.runs.events import record
from workflows.runs.labels import check_labels
from workflows.runs.locks import lock_run
from workflows.runs.trail import save_trail

LONGEST_NOTE = 2_000


@says_what_is_wrong
@nestable
def label(
    run_id: int, *, labels: Mapping[str, str | None], by: By, reason: str = ""
) -> WorkflowRun:
    """
    Give a run labels, or remove those whose value is None; its other labels stay.

    A repeated call changes nothing and leaves no event.

    :raises NotFound: if there is no such run.
    :raises Invalid: naming each label that is wrong, or that there are too many.
    """
    by = as_actor(by)
    check_labels(labels, may_remove=True)
    run = lock_run(run_id)
    wanted = masked(dict(labels), readable_parameters(run).values())
    had = labels_of([run.pk]).get(run.pk, {})
    changed = {key: value for key, value in wanted.items() if had.get(key) != value}
    if changed:
        has = {key: value for key, value in {**had, **changed}.items() if value is not None}
        check_labels(has)
        RunLabel.objects.filter(run=run, key__in=changed).delete()
        RunLabel.objects.bulk_create(
            RunLabel(run=run, key=key, value=has[key]) for key in changed if key in has
        )
        record(EventType.RUN_LABELED, run=run, by=by, reason=reason, payload={"labels": changed})
        save_trail(run)
    return run


@says_what_is_wrong
@nestable
def note(run_id: int, *, note: str, by: By) -> WorkflowRun:
    """
    Write a note on a run: an event of its trail, which nobody can edit later.

    :raises NotFound: if there is no such run.
    :raises Invalid: if the note is empty or too long.
    """
    by = as_actor(by)
    text = note.strip()
    if not 0 < len(text) <= LONGEST_NOTE:
        raise Invalid({"note": [f"Give a note of 1 to {LONGEST_NOTE:,} characters."]})
    run = lock_run(run_id)
    text = masked(text, readable_parameters(run).values())
    record(EventType.RUN_NOTED, run=run, by=by, reason=text)
    save_trail(run)
    return run
