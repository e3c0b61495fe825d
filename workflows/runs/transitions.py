"""
Transitions of sets of tasks: the only way in which a task changes its state.

One task is a set of one. A set costs a constant number of statements (per batch): the guarded
UPDATE, the counters of what waits downstream, the events. The caller holds the lock of the run and
stores the run afterwards, with `save_progress`.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils import timezone
from django_fsm import ConcurrentTransition

from workflows.db.inserts import InsertSelect
from workflows.db.statements import Sql, execute, rows
from workflows.models import Event, Task, TaskState, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.bounds import cut, cut_texts
from workflows.runs.announcements import announce_failures
from workflows.runs.blocking import block_downstream, unblock_downstream
from workflows.runs.chain import link
from workflows.runs.events import Transition, actor_columns, event_of, states_of
from workflows.runs.trail import TRAIL_COLUMNS, seal

BATCH = 5_000
"""Rows in one statement, so that none grows beyond what either database takes."""

Payloads = Mapping[int, dict[str, Any]]
"""The payload of the event of each task, by task id; a task that is missing has none."""

Covers = Mapping[int, str]


class TaskLike(Protocol):
    """What a transition needs to know of a task."""

    pk: int
    state: Any


@dataclass(frozen=True, slots=True)
class RecordedTransition:
    """A transition, and the events that it leaves: one for each task."""

    transition: Transition
    payloads: Payloads | None = None
    event_type: str = ""
    """The type of the events, if it is not that of the transition."""
    covers: Covers | None = None
    """What the digest of each task's event covers, by task id."""


def transition_tasks(
    run: WorkflowRun | None,
    tasks: Sequence[TaskLike],
    transition: Transition,
    *,
    by: Actor,
    reason: str = "",
    at: datetime | None = None,
    payloads: Payloads | None = None,
    covers: Covers | None = None,
    **columns: Any,
) -> None:
    """
    Make one transition of tasks of one run; it leaves one event for each task.

    :param at: the moment of the events, if rows have been given it, too; otherwise it is now.
    :param covers: what the events cover of attempts; these have their `attempt_id` in the payload.
    :param columns: other columns of the tasks that are set; `Sql` stands for itself.
    :raises ConcurrentTransition: if a task is no longer in the state that the caller read; the
        transaction must be rolled back then.
    """
    path = [RecordedTransition(transition, payloads, covers=covers)]
    transition_tasks_along(run, tasks, path, by=by, reason=reason, at=at, **columns)


def transition_tasks_along(
    run: WorkflowRun | None,
    tasks: Sequence[TaskLike],
    path: Sequence[RecordedTransition],
    *,
    by: Actor,
    reason: str = "",
    at: datetime | None = None,
    **columns: Any,
) -> None:
    """
    Make several transitions that follow each other, by one UPDATE; each leaves its own events.

    Otherwise as `transition_tasks`.
    """
    sources, target = _ends(path)
    at = at or timezone.now()
    for batch in batches(tasks):
        _update(batch, sources, target, columns)
        _count_downstream(batch, target)
        events = [*_events(run, batch, path, by, reason, at)]
        _record(run, events)
        if not (run and run.is_trial):
            announce_failures(target, events, by=by)
    if run:
        for source, n in Counter(task.state for task in tasks).items():
            run.count_moved(source, target, n)
    for task in tasks:
        task.state = target


def batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut rows into pieces that fit one statement."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def save_progress(run: WorkflowRun, *, with_answer: bool = False) -> None:
    """Store what changes while a run is in progress, and optionally its last dispatch answer."""
    has_gap, run.updated_at = run.has_trail_gap, timezone.now()
    if not has_gap:
        run.trail_saved_at = run.updated_at
    values = {name: getattr(run, name) for name in PROGRESS_COLUMNS}
    if with_answer:
        answer = json.dumps(run.last_dispatch)
        execute(SAVE_PROGRESS_AND_ANSWER, run=run.pk, answer=answer, **values)
    else:
        execute(SAVE_PROGRESS, run=run.pk, **values)
    if run.has_just_ended:
        seal(run)


def _ends(path: Sequence[RecordedTransition]) -> tuple[list[str], str]:
    """Return the states that a path leaves from, and the one that it leads to."""
    sources, target = states_of(path[0].transition)
    for step in path[1:]:
        following, next_target = states_of(step.transition)
        if target not in following:
            raise ConcurrentTransition(f"no transition leads from {target} to {next_target}")
        target = next_target
    return sources, target


def _update(
    tasks: Sequence[TaskLike], sources: list[str], target: str, columns: dict[str, Any]
) -> None:
    # Guarded by the transition itself: without the run's lock, one of two racing callers loses.
    assignments = "".join(
        f", {name} = {value if isinstance(value, Sql) else f'%({name})s'}"
        for name, value in columns.items()
    )

    def check(updated: int) -> None:
        if updated != len(tasks):
            raise ConcurrentTransition(f"not every task could become {target}")

    execute(
        f"UPDATE {TASK} SET state = %(target)s{assignments} "
        "WHERE id = ANY(%(tasks)s) AND state = ANY(%(sources)s)",
        check=check,
        target=str(target),
        tasks=[task.pk for task in tasks],
        sources=[str(source) for source in sources],
        **{name: cut_texts(each) for name, each in columns.items() if not isinstance(each, Sql)},
    )


def _count_downstream(tasks: Sequence[TaskLike], target: str) -> None:
    if target == TaskState.SUCCESS:
        unblock_downstream([task.pk for task in tasks])
    elif undone := [task.pk for task in tasks if task.state == TaskState.SUCCESS]:
        block_downstream(undone)


def _events(
    run: WorkflowRun | None,
    tasks: Sequence[TaskLike],
    path: Sequence[RecordedTransition],
    by: Actor,
    reason: str,
    at: datetime,
) -> Iterator[dict[str, Any]]:
    """Yield the columns of the events, chained in the order in which they are inserted."""
    common = {
        "run_id": run.pk if run else None,
        **actor_columns(by),
        "reason": cut(reason),
        "created_at": at,
    }
    for step in path:
        event_type = str(step.event_type or event_of(step.transition))
        payloads, covers = step.payloads or {}, step.covers or {}
        for task in tasks:
            payload = cut_texts(payloads.get(task.pk, {}))
            event = {**common, "event_type": event_type, "task_id": task.pk, "payload": payload}
            yield {**event, "digest": link(run, event, covers.get(task.pk, ""))}


def _record(run: WorkflowRun | None, events: Sequence[dict[str, Any]]) -> None:
    if not events:
        return
    common = {name: events[0][name] for name in ("actor", "actor_user", "actor_via", "reason")}
    each = (
        {
            "place": place,
            "event_type": event["event_type"],
            "task_id": event["task_id"],
            "payload": json.dumps(event["payload"]),
            "digest": event["digest"],
        }
        for place, event in enumerate(events)
    )
    values = INSERT_EVENTS.values(
        run=run.pk if run else None, now=events[0]["created_at"], events=rows(each), **common
    )
    execute(INSERT_EVENTS.statement, **values)


TASK = Task._meta.db_table
INSERT_EVENTS = InsertSelect(
    Event,
    {
        "event_type": "event.event_type",
        "run_id": "%(run)s::bigint",
        "task_id": "event.task_id",
        "actor": "%(actor)s",
        "actor_user": "%(actor_user)s",
        "actor_via": "%(actor_via)s",
        "reason": "%(reason)s",
        "payload": "event.payload::jsonb",
        "created_at": "%(now)s::timestamptz",
        "digest": "event.digest",
    },
    # In order: what is chained is read by its id.
    """jsonb_to_recordset(%(events)s)
           AS event(place bigint, event_type text, task_id bigint, payload text, digest text)
     ORDER BY event.place""",
)

RUN = WorkflowRun._meta.db_table
PROGRESS_COLUMNS = [
    "state",
    *(f"{state}_count" for state in TaskState.values),
    "started_at",
    "finished_at",
    "reopened_at",
    "logs_removed_at",
    "updated_at",
    *TRAIL_COLUMNS,
]
SET_PROGRESS = ", ".join(f"{name} = %({name})s" for name in PROGRESS_COLUMNS) + ", set_aside = ''"
SAVE_PROGRESS = f"UPDATE {RUN} SET {SET_PROGRESS} WHERE id = %(run)s"
SAVE_PROGRESS_AND_ANSWER = (
    f"UPDATE {RUN} SET {SET_PROGRESS}, last_dispatch = %(answer)s::jsonb WHERE id = %(run)s"
)
