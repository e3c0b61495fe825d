"""
Copies a template's steps and edges to a new run, as its own tasks and edges.

It takes a constant number of statements, whatever the size of the template.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from runners.database import connection
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
from workflows.runs.drawn_tasks import made_edges, made_tasks
from workflows.runs.events import actor_columns
from workflows.runs.trail import TRAIL_COLUMNS, Edge, begin_trail
from workflows.runs.transitions import batches

TABLES = {
    "step": TemplateStep._meta.db_table,
    "step_dependency": StepDependency._meta.db_table,
    "task": Task._meta.db_table,
    "task_dependency": TaskDependency._meta.db_table,
}
COPIED_TO_RUN = [
    "template_name",
    "template_version",
    "approver_must_differ",
    "approval_lasts",
]

# A column that steps and tasks both have is copied; one that only tasks have gets its default.
COPIED_TO_TASKS = stored_columns(TemplateStep).keys() & stored_columns(Task).keys()
INSERTED_TASKS = {
    **{column: f"step.{quoted(column)}" for column in sorted(COPIED_TO_TASKS)},
    "run_id": "%(run)s",
    "position": "row_number() OVER (ORDER BY step.position, step.id) - 1",
    "awaits_approval": "step.requires_approval",
    "created_at": "%(now)s",
}
UNMET = """
    (SELECT count(*) FROM {} edge WHERE edge.{} = step.id)
        + CASE WHEN step.requires_approval THEN 1 ELSE 0 END"""


class Source:
    """Where the tasks of a run are copied from: the steps of a template, or the tasks of a run."""

    def __init__(self, steps: str, owner: str, edges: str, step: str) -> None:
        """Build the statements; `owner` and `step` are columns of the tables before them."""
        of_owner = f"WHERE step.{owner} = %(source)s"
        unmet = UNMET.format(edges, step)
        self.insert_tasks = InsertSelect(
            Task,
            {**INSERTED_TASKS, "unmet_count": unmet},
            f"{steps} step {of_owner} ORDER BY step.position, step.id",
        )
        # Steps and their tasks are in the same order. They are paired here, not joined by their
        # step_id: PostgreSQL expects a new run to have few tasks, and may compare every step with
        # every task.
        self.steps = f"SELECT id FROM {steps} step {of_owner} ORDER BY position, id"
        self.edges = f"""
            SELECT edge.{step}, edge.depends_on_id
              FROM {steps} step JOIN {edges} edge ON edge.{step} = step.id {of_owner}
        """


STEPS_OF_TEMPLATE = Source(TABLES["step"], "template_id", TABLES["step_dependency"], "step_id")
TASKS_OF_RUN = Source(TABLES["task"], "run_id", TABLES["task_dependency"], "task_id")
TASKS = "SELECT id FROM {task} WHERE run_id = %(run)s ORDER BY position".format(**TABLES)
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
INSERT_EVENTS = InsertSelect(
    Event,
    {**EVENT, "event_type": "%(task_created)s", "created_at": "created_at"},
    EVERY_TASK,
)
INSERT_APPROVAL_EVENTS = InsertSelect(
    Event, {**EVENT, "event_type": "%(approval_pending)s"}, AWAITING_APPROVAL
)


COPIED_S = 0.0005
"""How much longer than others a statement may take that copies tasks, for each of them."""


def _number_of_steps() -> Coalesce:
    # Not a constant: querysets cannot be made while models are loaded.
    return Coalesce(
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
    template = locked.annotate(steps_to_copy=_number_of_steps()).get(pk=run.template_id or 0)
    with patient(more_s=template.steps_to_copy * COPIED_S):
        _copy(template, run)


def _copy(template: WorkflowTemplate, run: WorkflowRun) -> None:
    earlier = run.copied_from
    source, owner = (TASKS_OF_RUN, earlier.pk) if earlier else (STEPS_OF_TEMPLATE, template.pk)
    values = _values(run)
    run.pending_count = _insert(source.insert_tasks, {**values, "source": owner})
    if not run.pending_count:
        raise InvalidGraph([f"workflow template {template.pk} has no steps"])
    failpoints.point("expansion.tasks")
    edges = _copy_edges(run.pk, source, owner)
    _take_columns(run, template, earlier)
    _begin(run, edges, values)


def _values(run: WorkflowRun) -> dict[str, Any]:
    return {
        "run": run.pk,
        "now": connection.ops.adapt_datetimefield_value(timezone.now()),
        "task_created": EventType.TASK_CREATED.value,
        "approval_pending": EventType.APPROVAL_PENDING.value,
        **actor_columns(run.creator),
    }


def _begin(run: WorkflowRun, edges: Iterable[Edge], values: dict[str, Any]) -> None:
    """Write the events of a run that has its new tasks, and ask for their approvals."""
    begin_trail(run, edges)
    _insert(INSERT_EVENTS, values)
    if _insert(INSERT_APPROVALS, values):
        _insert(INSERT_APPROVAL_EVENTS, values)
    run.save(update_fields=["pending_count", *COPIED_TO_RUN, *TRAIL_COLUMNS])


def _take_columns(
    run: WorkflowRun, template: WorkflowTemplate, earlier: WorkflowRun | None
) -> None:
    """Take what a run keeps of the version of its template."""
    run.template_name = earlier.template_name if earlier else template.name
    run.template_version = earlier.template_version if earlier else template.version
    rules = earlier or template
    run.approver_must_differ = rules.approver_must_differ
    run.approval_lasts = rules.approval_lasts


def make_tasks(run: WorkflowRun) -> None:
    """Give a new trial one task for each step that it is drawn as, and one edge per dependency."""
    with patient(more_s=len(run.steps_to_make) * COPIED_S):
        tasks = made_tasks(run)
        run.pending_count = len(tasks)
        _begin(run, made_edges(run, tasks), _values(run))


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


def _copy_edges(run_id: int, source: Source, owner: int) -> list[Edge]:
    steps, tasks = select(source.steps, source=owner), select(TASKS, run=run_id)
    task_of = {step: task for (step,), (task,) in zip(steps, tasks, strict=True)}
    edges = [(task_of[a], task_of[b]) for a, b in select(source.edges, source=owner)]
    # As `rows` would write them, in half the time.
    records = ",".join([f'{{"task_id":{a},"depends_on_id":{b}}}' for a, b in edges])
    execute(INSERT_DEPENDENCIES.statement, **INSERT_DEPENDENCIES.values(edges=f"[{records}]"))
    return edges
