"""The beginning of a run's trail, which covers what the run was made of, and the run's record."""

from array import array
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain

from runners.database import connection
from workflows.db.canonical import canonical, digest_of, jsonb_text
from workflows.db.inserts import InsertSelect
from workflows.db.statements import execute, select
from workflows.models import Event, EventType, RunRecord, Task, WorkflowRun
from workflows.runs.chain import EVENT_COLUMNS, link_digest, only_counts
from workflows.runs.events import record
from workflows.runs.labels import labels_of_new, store_labels

Edge = tuple[int, int]
"""A task, and one that it depends on."""

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
    "approval_lasts",
    "parameters",
    "created_at",
)
"""
The columns of a run that never change.

The template's id is in the payload of the event: deleting the template empties the column.
"""
LATER_COLUMNS = ("again_of", "trigger", "trial")
"""The same, of columns that earlier releases have not: null leaves a digest as they made it."""
# The database writes one text of all tasks: reading them one by one takes four times as long. A
# text has its length before it, so that no two rows of columns look the same.
TASKS_AS_TEXT = """
    SELECT string_agg(definition, ',') FROM (
        SELECT id || '|'::text || position || '|'
               || COALESCE(length(step_id) || ':'::text || step_id, '') || '|'
               || length(title) || ':' || title || '|' || COALESCE(runner_id::text, '') || '|'
               || COALESCE(timeout_seconds::text, '')
               || CASE WHEN requires_approval THEN '!' ELSE '|' END || {payload} AS definition
          FROM {task} WHERE run_id = %(run)s ORDER BY position
    ) AS task
"""
PAYLOAD = {"postgresql": "payload::text", "sqlite": "jsonb_text(payload)"}
# A record that is there already is one of a run of that number that is gone: it stays.
INSERT_RECORD = InsertSelect(
    RunRecord,
    {"run_id": "id", "created_at": "created_at"},
    f"{WorkflowRun._meta.db_table} WHERE id = %(run)s ON CONFLICT DO NOTHING",
)
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
    Write the first event of a new run that has its tasks, the run's record, and its labels.

    The caller stores the run. The events of its tasks' creation follow. They are not chained: what
    they must be is known from the tasks.
    """
    run.trail_saved_at = run.updated_at
    labels = labels_of_new(run)
    payload = {"template_id": run.template_id, "labels": labels, "trial": run.trial_facts}
    record(
        EventType.RUN_CREATED,
        run=run,
        by=run.creator,
        payload={name: value for name, value in payload.items() if value},
        at=run.created_at,
        cover=definition_of(run, edges),
    )
    execute(INSERT_RECORD.statement, **INSERT_RECORD.values(run=run.pk))
    store_labels(run, labels)


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
    """Return a digest of what a run was created with, which its first event covers."""
    columns = {name: getattr(run, name) for name in RUN_COLUMNS}
    later = ((name, getattr(run, name)) for name in LATER_COLUMNS)
    columns |= {name: value for name, value in later if value is not None}
    tasks, of_edges = _digest_of_tasks(run.pk), _digest_of_edges(edges)
    return digest_of((canonical(columns), tasks, of_edges, *_past_of_tasks(run)))


def _digest_of_edges(edges: Iterable[Edge]) -> str:
    return sha256(array("q", chain.from_iterable(sorted(edges))).tobytes()).hexdigest()


def _digest_of_tasks(run_id: int) -> str:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.create_function("jsonb_text", 1, jsonb_text, deterministic=True)
    payload, task = PAYLOAD[connection.vendor], Task._meta.db_table
    [(text,)] = select(TASKS_AS_TEXT.format(payload=payload, task=task), run=run_id)
    return sha256((text or "").encode("utf-8", "surrogatepass")).hexdigest()


def _past_of_tasks(run: WorkflowRun) -> Iterator[str]:
    """Yield the digests of the events that the tasks of a run have from before the run."""
    if run.expands_template:
        return
    past = Event.objects.filter(run=None, task__run=run).order_by("id")
    for values in past.values_list(*EVENT_COLUMNS).iterator():
        event = dict(zip(EVENT_COLUMNS, values, strict=True))
        if not only_counts(event["event_type"], event["payload"]):
            yield link_digest("", event)
