"""The beginning of a run's trail, which covers what the run was made of, and the run's record."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from workflows.db.canonical import (
    ENCODER,
    as_moment,
    canonical,
    canonical_json,
    digest_of,
    moment_text,
)
from workflows.db.statements import execute, select
from workflows.models import Event, EventType, RunRecord, Task, WorkflowRun
from workflows.runs.chain import EVENT_COLUMNS, link_digest, only_counts
from workflows.runs.events import record

Edge = tuple[int, int]
"""A task, and one that it depends on."""

CHUNK = 5_000
TRAIL_COLUMNS = ("trail_head", "trail_length", "trail_saved_at")
RUN_COLUMNS = (
    "template_name",
    "template_version",
    "expands_template",
    "created_by",
    "created_by_name",
    "created_by_user",
    "created_by_via",
    "initiated_by",
    "approver_must_differ",
    "parameters",
    "created_at",
)
"""
The columns of a run that never change.

The template's id is in the payload of the event: deleting the template empties the column.
"""
TASKS = f"""
    SELECT id, position, step_id, title, runner_id, timeout_seconds,
           CASE WHEN requires_approval THEN 1 ELSE 0 END, created_at, payload::text
      FROM {Task._meta.db_table} WHERE run_id = %(run)s ORDER BY position, id
"""
SET_TRAIL = ", ".join(f"{name} = %({name})s" for name in TRAIL_COLUMNS)
SAVE_TRAIL = f"UPDATE {WorkflowRun._meta.db_table} SET {SET_TRAIL} WHERE id = %(run)s"
SEAL = f"""
    UPDATE {RunRecord._meta.db_table}
       SET state = %(state)s, ended_at = %(ended_at)s, task_counts = %(task_counts)s::jsonb,
           trail_head = %(trail_head)s, trail_length = %(trail_length)s, seals = seals + 1
     WHERE run_id = %(run)s
"""


def begin_trail(run: WorkflowRun, edges: Iterable[Edge] = ()) -> None:
    """
    Write the first event of a new run that has its tasks, and the run's record.

    The caller stores the run. The events of its tasks' creation follow. They are not chained: what
    they must be is known from the tasks.
    """
    run.trail_saved_at = run.updated_at
    record(
        EventType.RUN_CREATED,
        run=run,
        by=run.creator,
        payload={"template_id": run.template_id} if run.template_id else {},
        at=run.created_at,
        cover=definition_of(run, edges),
    )
    RunRecord.objects.create(run_id=run.pk, created_at=run.created_at)


def save_trail(run: WorkflowRun) -> None:
    """Store how far the trail is chained, if nothing else of the run has changed."""
    execute(SAVE_TRAIL, run=run.pk, **{name: getattr(run, name) for name in TRAIL_COLUMNS})


def seal(run: WorkflowRun) -> None:
    """Keep in the record of a run how it has ended, and up to where its trail is chained."""
    execute(
        SEAL,
        run=run.pk,
        state=str(run.state),
        ended_at=run.finished_at,
        task_counts=canonical(run.task_counts),
        trail_head=run.trail_head,
        trail_length=run.trail_length,
    )
    run.has_just_ended = False


def definition_of(run: WorkflowRun, edges: Iterable[Edge]) -> str:
    """Return what the first event of a run covers: what the run was created with."""
    return canonical(
        {
            "run": {name: getattr(run, name) for name in RUN_COLUMNS},
            "tasks": _digest_of_tasks(run.pk),
            "edges": sha256(ENCODER.encode(sorted(edges)).encode()).hexdigest(),
            "past": digest_of(_past_of_tasks(run)),
        }
    )


def _digest_of_tasks(run_id: int) -> str:
    found = select(TASKS, run=run_id)
    digest = sha256()
    for start in range(0, len(found), CHUNK):
        digest.update(_tasks_text(found[start : start + CHUNK]).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _tasks_text(tasks: Sequence[tuple[Any, ...]]) -> str:
    moments = {at: moment_text(as_moment(at)) for at in {columns[-2] for columns in tasks}}
    return ENCODER.encode(
        [(*columns, moments[at], canonical_json(payload)) for *columns, at, payload in tasks]
    )


def _past_of_tasks(run: WorkflowRun) -> Iterator[str]:
    """Yield the digests of the events that the tasks of a run have from before the run."""
    if run.expands_template:
        return
    past = Event.objects.filter(run=None, task__run=run).order_by("id")
    for values in past.values_list(*EVENT_COLUMNS).iterator():
        event = dict(zip(EVENT_COLUMNS, values, strict=True))
        if not only_counts(event["event_type"], event["payload"]):
            yield link_digest("", event)
