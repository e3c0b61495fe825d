"""A template's steps and edges become a run's own tasks and edges."""

from django.db import connection
from django.utils import timezone

from workflows.db import failpoints
from workflows.db.statements import execute, rows, select
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

# A constant number of statements, whatever the size of the template.
# Columns that are not named here have their value in every new task.
TABLES = {
    "approval": Approval._meta.db_table,
    "event": Event._meta.db_table,
    "step": TemplateStep._meta.db_table,
    "step_dependency": StepDependency._meta.db_table,
    "task": Task._meta.db_table,
    "task_dependency": TaskDependency._meta.db_table,
}

INSERT_TASKS = """
    INSERT INTO {task} (
        run_id, step_id, title, position, state, unmet_count, attempt_count,
        runner_id, payload, timeout_seconds, requires_approval, awaits_approval, is_held,
        note, is_marked_success, created_at
    )
    SELECT %(run)s, step.step_id, step.title,
           row_number() OVER (ORDER BY step.position, step.id) - 1,
           'pending',
           (SELECT count(*) FROM {step_dependency} edge WHERE edge.step_id = step.id)
               + CASE WHEN step.requires_approval THEN 1 ELSE 0 END, 0,
           step.runner_id, step.payload, step.timeout_seconds, step.requires_approval,
           step.requires_approval, %(no)s, '', %(no)s, %(now)s
      FROM {step} step
     WHERE step.template_id = %(template)s
     ORDER BY step.position, step.id
""".format(**TABLES)

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

INSERT_DEPENDENCIES = """
    INSERT INTO {task_dependency} (task_id, depends_on_id)
    SELECT edge.task_id, edge.depends_on_id
      FROM jsonb_to_recordset(%(edges)s) AS edge(task_id bigint, depends_on_id bigint)
""".format(**TABLES)

INSERT_APPROVALS = """
    INSERT INTO {approval} (task_id, status, decided_by, comment, created_at)
    SELECT id, 'pending', '', '', %(now)s
      FROM {task}
     WHERE run_id = %(run)s AND awaits_approval
     ORDER BY position
""".format(**TABLES)

INSERT_EVENTS = """
    INSERT INTO {event} (event_type, run_id, task_id, actor, reason, payload, created_at)
    SELECT %(created)s, run_id, id, %(actor)s, '', '{{}}', %(now)s
      FROM {task}
     WHERE run_id = %(run)s
     ORDER BY position
""".format(**TABLES)

INSERT_APPROVAL_EVENTS = """
    INSERT INTO {event} (event_type, run_id, task_id, actor, reason, payload, created_at)
    SELECT %(approval)s, run_id, id, %(actor)s, '', '{{}}', %(now)s
      FROM {task}
     WHERE run_id = %(run)s AND awaits_approval
     ORDER BY position
""".format(**TABLES)


def expand_run(run: WorkflowRun) -> None:
    """
    Give a new run one task per step of its template, in list order, and one edge per dependency.

    :raises InvalidGraph: if the template has no steps.
    """
    # Nobody may replace the steps between the statement that copies them and the one that
    # copies their edges; whoever changes a template holds this lock too.
    template = WorkflowTemplate.objects.select_for_update(no_key=True).get(pk=run.template_id or 0)
    values = {
        "run": run.pk,
        "template": template.pk,
        "no": False,
        "now": connection.ops.adapt_datetimefield_value(timezone.now()),
        "created": EventType.TASK_CREATED.value,
        "approval": EventType.APPROVAL_PENDING.value,
        "actor": run.created_by,
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT_TASKS, values)
        run.pending_count = cursor.rowcount
        failpoints.point("expansion.tasks")
        _copy_edges(run.pk, template.pk)
        for statement in (INSERT_EVENTS, INSERT_APPROVALS, INSERT_APPROVAL_EVENTS):
            cursor.execute(statement, values)
    if not run.pending_count:
        raise InvalidGraph([f"workflow template {template.pk} has no steps"])
    run.template_name = template.name
    run.template_version = template.version
    run.approver_must_differ = template.approver_must_differ
    run.save(update_fields=COPIED)


def _copy_edges(run_id: int, template_id: int) -> None:
    steps, tasks = select(STEPS, template=template_id), select(TASKS, run=run_id)
    task_of = {step: task for (step,), (task,) in zip(steps, tasks, strict=True)}
    edges = select(EDGES, template=template_id)
    copies = ({"task_id": task_of[a], "depends_on_id": task_of[b]} for a, b in edges)
    execute(INSERT_DEPENDENCIES, edges=rows(copies))


COPIED = ["pending_count", "template_name", "template_version", "approver_must_differ"]
