"""
Sets of tasks move along arrows.

This is the only way in which a task changes its state. One task is a set of one, and a set costs
a constant number of statements (one more per batch): the guarded UPDATE, the counters of what waits
downstream, the events. The caller holds the lock of the run and stores the run afterwards.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from django.utils import timezone
from django_fsm import ConcurrentTransition

from workflows.db.statements import Sql, execute, rows
from workflows.models import Event, Task, TaskDependency, TaskState, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.events import Transition, event_of, states_of

BATCH = 5_000
"""Rows in one statement, so that none grows beyond what either database takes."""

TASK = Task._meta.db_table

LET_WAIT_FOR_MORE = f"""
    UPDATE {TASK} SET unmet_count = unmet_count + %(change)s * moved.n
      FROM (SELECT task_id, count(*) AS n FROM {TaskDependency._meta.db_table}
             WHERE depends_on_id = ANY(%(tasks)s) GROUP BY task_id) AS moved
     WHERE {TASK}.id = moved.task_id
"""

INSERT_EVENTS = f"""
    INSERT INTO {Event._meta.db_table}
           (event_type, run_id, task_id, actor, reason, payload, created_at)
    SELECT event.event_type, %(run)s::bigint, event.task_id, %(actor)s, %(reason)s,
           event.payload::jsonb, %(now)s::timestamptz
      FROM jsonb_to_recordset(%(events)s) AS event(event_type text, task_id bigint, payload text)
"""


class TaskLike(Protocol):
    """A task, as far as its moves are concerned."""

    pk: int
    state: Any


def transition_tasks(
    run: WorkflowRun | None,
    tasks: Sequence[TaskLike],
    *path: Transition,
    by: Actor,
    reason: str = "",
    event_type: str = "",
    payloads: Mapping[int, dict[str, Any]] | None = None,
    intermediate_payloads: Mapping[int, dict[str, Any]] | None = None,
    **columns: Any,
) -> None:
    """
    Move tasks of one run along an arrow, or along several that follow each other.

    Each arrow leaves one event for each task.

    :param event_type: what the events are called instead, of all arrows.
    :param payloads: what the events of a task say besides, by task id.
    :param on_the_way: the same of all arrows but the last, if they say less.
    :param columns: set on the way; `Sql` stands for itself.
    :raises ConcurrentTransition: if a task is not where the caller read it; nothing is kept then.
    """
    sources, target = _ends(path)
    *others, last = [event_type or event_of(transition) for transition in path]
    told = [
        (each, payloads if intermediate_payloads is None else intermediate_payloads)
        for each in others
    ]
    for batch in batches(tasks):
        _update(batch, sources, target, columns)
        if target == TaskState.SUCCESS:
            _let_wait_for_more(batch, -1)
        elif undone := [task for task in batch if task.state == TaskState.SUCCESS]:
            _let_wait_for_more(undone, +1)
        _record(run, batch, [*told, (last, payloads)], by, reason)
    _count(run, tasks, target)
    for task in tasks:
        task.state = target


def batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut rows into pieces that fit one statement."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _ends(path: Sequence[Transition]) -> tuple[list[str], str]:
    sources, target = states_of(path[0])
    for transition in path[1:]:
        following, further = states_of(transition)
        if target not in following:
            raise ConcurrentTransition(f"no arrow leads from {target} to {further}")
        target = further
    return sources, target


def _update(
    tasks: Sequence[TaskLike], sources: list[str], target: str, columns: dict[str, Any]
) -> None:
    # The guard is the arrow itself: without the run's lock, one of two racing callers loses here.
    settings = "".join(
        f", {name} = {value if isinstance(value, Sql) else f'%({name})s'}"
        for name, value in columns.items()
    )

    def check(moved: int) -> None:
        if moved != len(tasks):
            raise ConcurrentTransition(f"not every task could become {target}")

    execute(
        f"UPDATE {TASK} SET state = %(target)s{settings} "
        "WHERE id = ANY(%(tasks)s) AND state = ANY(%(sources)s)",
        check=check,
        target=str(target),
        tasks=[task.pk for task in tasks],
        sources=[str(source) for source in sources],
        **{name: value for name, value in columns.items() if not isinstance(value, Sql)},
    )


def _let_wait_for_more(tasks: Sequence[TaskLike], change: int) -> None:
    """Count the moved tasks in what waits directly for them."""
    execute(LET_WAIT_FOR_MORE, tasks=[task.pk for task in tasks], change=change)


def _record(
    run: WorkflowRun | None,
    tasks: Sequence[TaskLike],
    told: Sequence[tuple[str, Mapping[int, dict[str, Any]] | None]],
    by: Actor,
    reason: str,
) -> None:
    events = (
        {
            "event_type": str(event_type),
            "task_id": task.pk,
            "payload": json.dumps((payloads or {}).get(task.pk, {})),
        }
        for event_type, payloads in told
        for task in tasks
    )
    execute(
        INSERT_EVENTS,
        run=run.pk if run else None,
        actor=by.name,
        reason=reason,
        now=timezone.now(),
        events=rows(events),
    )


def _count(run: WorkflowRun | None, tasks: Sequence[TaskLike], target: str) -> None:
    if run:
        for source, n in Counter(task.state for task in tasks).items():
            run.count_moved(source, target, n)


RUN = WorkflowRun._meta.db_table
PROGRESS_COLUMNS = [
    "state",
    *(f"{state}_count" for state in TaskState.values),
    "started_at",
    "finished_at",
    "updated_at",
]
SET_PROGRESS = ", ".join(f"{name} = %({name})s" for name in PROGRESS_COLUMNS)
SAVE_PROGRESS = f"UPDATE {RUN} SET {SET_PROGRESS} WHERE id = %(run)s"
SAVE_PROGRESS_AND_ANSWER = (
    f"UPDATE {RUN} SET {SET_PROGRESS}, last_dispatch = %(answer)s::jsonb WHERE id = %(run)s"
)


def save_progress(run: WorkflowRun, *, with_answer: bool = False) -> None:
    """Store what changes while a run goes on, and optionally the answer to its last dispatch."""
    run.updated_at = timezone.now()
    values = {name: getattr(run, name) for name in PROGRESS_COLUMNS}
    if with_answer:
        answer = json.dumps(run.last_dispatch)
        execute(SAVE_PROGRESS_AND_ANSWER, run=run.pk, answer=answer, **values)
    else:
        execute(SAVE_PROGRESS, run=run.pk, **values)
