"""
Copies a template's steps and edges to a new run, as its own tasks and edges.

It takes a constant number of statements, whatever the size of the template.
"""

from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from workflows.db import failpoints
from workflows.db.inserts import InsertSelect, stored_columns
from workflows.db.statements import execute, quoted, select
from workflows.db.time_limits import patient
from workflows.errors import InvalidGraph
from workflows.models import (
    Approval,
    Event,
    EventType,
    StepDependency,
    Task,
    TaskDependency,
    TemplateStep,
    WorkflowRun,
    WorkflowTemplate,
)
from workflows.runs.events import actor_columns
from workflows.runs.trail import TRAIL_COLUMNS, Edge, begin_trail
from workflows.runs.transitions import batches

TABLES = {
    "step": TemplateStep._meta.db_table,
    "step_dependency": StepDependency._meta.db_table,
    "task": Task._meta.db_table,
}
COPIED_TO_RUN = [
    "template_name",
    "template_version",
    "approver_must_differ",
    "approval_lasts",
]

# A column that steps and tasks both have is copied; one that only tasks have gets its default.
COPIED_TO_TASKS = stored_columns(TemplateStep).keys() & stored_columns(Task).keys()
INSERT_TASKS = InsertSelect(
    Task,
    {
        **{column: f"step.{quoted(column)}" for column in sorted(COPIED_TO_TASKS)},
        "run_id": "%(run)s",
        "position": "row_number() OVER (ORDER BY step.position, step.id) - 1",
        "unmet_count": """
            (SELECT count(*) FROM {step_dependency} edge WHERE edge.step_id = step.id)
                + CASE WHEN step.requires_approval THEN 1 ELSE 0 END""".format(**TABLES),
        "awaits_approval": "step.requires_approval",
        "created_at": "%(now)s",
    },
    """{step} step
     WHERE step.template_id = %(template)s
     ORDER BY step.position, step.id""".format(**TABLES),
)

# Steps and their tasks are in the same order. They are paired here, not joined by their step_id:
# PostgreSQL expects a new run to have few tasks, and may compare every step with every task.
STEPS = "SELECT id FROM {step} WHERE template_id = %(template)s ORDER BY position, id".format(
    **TABLES
)
TASKS = "SELECT id FROM {task} WHERE run_id = %(run)s ORDER BY position".format(**TABLES)
EDGES = """
    SELECT edge.step_id, edge.depends_on_id
      FROM {step} step JOIN {step_dependency} edge ON edge.step_id = step.id
     WHERE step.template_id = %(template)s
""".format(**TABLES)
INSERT_DEPENDENCIES = InsertSelect(
    TaskDependency,
    {"task_id": "edge.task_id", "depends_on_id": "edge.depends_on_id"},
    "jsonb_to_recordset(%(edges)s) AS edge(task_id bigint, depends_on_id bigint)",
)

EVERY_TASK = "{task} WHERE run_id = %(run)s ORDER BY position".format(**TABLES)
AWAITING_APPROVAL = "{task} WHERE run_id = %(run)s AND awaits_approval ORDER BY position".format(
    **TABLES
)
INSERT_APPROVALS = InsertSelect(
    Approval, {"task_id": "id", "created_at": "%(now)s"}, AWAITING_APPROVAL
)
EVENT = {
    "run_id": "run_id",
    "task_id": "id",
    "actor": "%(actor)s",
    "actor_user": "%(actor_user)s",
    "actor_via": "%(actor_via)s",
    "created_at": "%(now)s",
}
INSERT_EVENTS = InsertSelect(Event, {**EVENT, "event_type": "%(task_created)s"}, EVERY_TASK)
INSERT_APPROVAL_EVENTS = InsertSelect(
    Event, {**EVENT, "event_type": "%(approval_pending)s"}, AWAITING_APPROVAL
)


COPIED_S = 0.0005
"""How much longer than others a statement may take that copies tasks, for each of them."""
NUMBER_OF_STEPS = Coalesce(
    Subquery(
        TemplateStep.objects.filter(template=OuterRef("pk"))
        .order_by()
        .values("template")
        .annotate(number=Count("pk"))
        .values("number")
    ),
    0,
)


def expand_run(run: WorkflowRun) -> None:
    """
    Give a new run one task per step of its template, in list order, and one edge per dependency.

    :raises InvalidGraph: if the template has no steps.
    """
    # The steps must not be replaced between the statement that copies them and the one that copies
    # their edges: every transaction that changes a template takes this lock.
    locked = WorkflowTemplate.objects.select_for_update(no_key=True)
    template = locked.annotate(steps_to_copy=NUMBER_OF_STEPS).get(pk=run.template_id or 0)
    with patient(more_s=template.steps_to_copy * COPIED_S):
        _copy(template, run)


def _copy(template: WorkflowTemplate, run: WorkflowRun) -> None:
    values = {
        "run": run.pk,
        "template": template.pk,
        "now": connection.ops.adapt_datetimefield_value(timezone.now()),
        "task_created": EventType.TASK_CREATED.value,
        "approval_pending": EventType.APPROVAL_PENDING.value,
        **actor_columns(run.creator),
    }
    run.pending_count = _insert(INSERT_TASKS, values)
    if not run.pending_count:
        raise InvalidGraph([f"workflow template {template.pk} has no steps"])
    failpoints.point("expansion.tasks")
    edges = _copy_edges(run.pk, template.pk)
    run.template_name = template.name
    run.template_version = template.version
    run.approver_must_differ = template.approver_must_differ
    run.approval_lasts = template.approval_lasts
    begin_trail(run, edges)
    _insert(INSERT_EVENTS, values)
    if _insert(INSERT_APPROVALS, values):
        _insert(INSERT_APPROVAL_EVENTS, values)
    run.save(update_fields=["pending_count", *COPIED_TO_RUN, *TRAIL_COLUMNS])


def take_tasks(run: WorkflowRun) -> None:
    """Put the existing tasks that a new run is made of into it, in their order."""
    with patient(more_s=len(run.tasks_to_take) * COPIED_S):
        _take(run)


def _take(run: WorkflowRun) -> None:
    for position, task in enumerate(run.tasks_to_take):
        task.run, task.position = run, position
    for batch in batches(run.tasks_to_take):
        Task.objects.bulk_update(batch, ["run", "position"])
    run.pending_count = len(run.tasks_to_take)
    begin_trail(run)
    run.save(update_fields=["pending_count", *TRAIL_COLUMNS])


def _insert(insert: InsertSelect, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(insert.statement, insert.values(**values))
        return int(cursor.rowcount)


def _copy_edges(run_id: int, template_id: int) -> list[Edge]:
    steps, tasks = select(STEPS, template=template_id), select(TASKS, run=run_id)
    task_of = {step: task for (step,), (task,) in zip(steps, tasks, strict=True)}
    edges = [(task_of[a], task_of[b]) for a, b in select(EDGES, template=template_id)]
    # As `rows` would write them, in half the time.
    records = ",".join([f'{{"task_id":{a},"depends_on_id":{b}}}' for a, b in edges])
    execute(INSERT_DEPENDENCIES.statement, **INSERT_DEPENDENCIES.values(edges=f"[{records}]"))
    return edges
