"""
A history of any size, inserted by SQL within seconds; PostgreSQL only.

Whatever is rare in it (failed tasks, canceled runs, a runner, a type of event) lies at its oldest
end: a plan that walks from the newest row until it has found enough reads nearly all of it.
"""

from django.db import connection

from runners.models import Runner
from workflows.models import WorkflowTemplate

TASKS_PER_RUN = 200
RARE = 50
"""One run in so many, of the oldest, is unlike the others."""

RUNS = """
    INSERT INTO workflows_workflowrun (
        id, template_id, template_name, template_version, expands_template, state, created_by,
        created_by_name, initiated_by, approver_must_differ, parameters, auto_dispatch,
        pending_count, dispatched_count, running_count, success_count, failed_count, canceled_count,
        created_at, updated_at, started_at, finished_at
    )
    SELECT n, CASE WHEN rare THEN %(rare_template)s ELSE %(template)s END, 'nightly', 1, true,
        CASE WHEN rare THEN 'failed' WHEN n > %(runs)s - 2 THEN 'running' ELSE 'success' END,
        'alice', 'alice', CASE WHEN rare THEN 'bob' ELSE 'cron' END, false,
        jsonb_build_object('day', n), NOT rare,
        CASE WHEN n > %(runs)s - 2 THEN 1 ELSE 0 END, 0, 0, %(tasks)s - 1,
        CASE WHEN rare THEN 1 ELSE 0 END, 0,
        at, at, at, CASE WHEN n <= %(runs)s - 2 THEN at + interval '10 minutes' END
    FROM (
        SELECT n, n <= %(runs)s / %(rare)s AS rare,
            now() - (%(runs)s - n) * interval '1 hour' - interval '1 hour' AS at
        FROM generate_series(1, %(runs)s) AS n
    ) AS run
"""
TASKS = """
    INSERT INTO workflows_task (
        id, run_id, step_id, title, position, state, unmet_count, attempt_count, runner_id,
        payload, requires_approval, awaits_approval, is_held, note, is_marked_success,
        created_at, dispatched_at, started_at, finished_at
    )
    SELECT (run.id - 1) * %(tasks)s + n, run.id,
        CASE WHEN run.state = 'failed' AND n = 1 THEN 'rare' ELSE 'step-' || n END,
        'Do the work of step ' || n, n,
        CASE WHEN n > 1 THEN 'success' WHEN run.state = 'failed' THEN 'failed'
            WHEN run.state = 'running' THEN 'pending' ELSE 'success' END,
        CASE WHEN n = 1 AND run.state = 'running' THEN 1 ELSE 0 END, 1,
        CASE WHEN run.state = 'failed' THEN %(rare_runner)s::bigint END,
        '{"command": ["true"]}', n %% 2 = 1, n = 1 AND run.state = 'running',
        n = 2 AND run.state = 'failed', '', n = 3 AND run.state = 'failed',
        run.created_at, run.created_at, run.created_at + n * interval '1 second',
        CASE WHEN n > 1 OR run.state <> 'running'
            THEN run.created_at + (n + 1) * interval '1 second' END
    FROM workflows_workflowrun AS run, generate_series(1, %(tasks)s) AS n
"""
EDGES = """
    INSERT INTO workflows_taskdependency (task_id, depends_on_id)
    SELECT id, id - 1 FROM workflows_task WHERE position > 1
"""
ATTEMPTS = """
    INSERT INTO workflows_taskattempt (
        id, task_id, number, runner_id, runner_name, runner_kind, payload, timeout_seconds, outcome,
        exit_code, message, dispatched_at, submitted_at, started_at, finished_at, token_hash
    )
    SELECT gen_random_uuid(), task.id, 1, COALESCE(runner_id, %(runner)s),
        CASE WHEN runner_id IS NULL THEN 'local' ELSE 'rare' END,
        CASE WHEN runner_id IS NULL THEN 'local' ELSE 'http' END, payload, 60,
        CASE WHEN state = 'pending' THEN 'refused' ELSE state END, 0,
        CASE WHEN state = 'failed' THEN 'exit code 1' ELSE '' END,
        dispatched_at + position * interval '1 millisecond', dispatched_at, started_at, finished_at,
        md5(id::text)
    FROM workflows_task AS task
"""
EVENTS = """
    INSERT INTO workflows_event (event_type, run_id, task_id, actor, reason, payload, created_at)
    SELECT type, run_id, task_id, 'runner', '', '{}', at FROM (
        SELECT 'task.' || kind AS type, run_id, id AS task_id, id AS part, place,
            created_at + place * position * interval '1 second' AS at
        FROM workflows_task,
            (VALUES (0, 'created'), (1, 'dispatched'), (2, 'running')) AS kinds (place, kind)
        UNION ALL
        SELECT 'task.' || CASE state WHEN 'success' THEN 'succeeded' WHEN 'failed' THEN 'failed'
            ELSE 'submit_failed' END, run_id, id, id, 3,
            created_at + 3 * position * interval '1 second'
        FROM workflows_task
    ) AS event
    ORDER BY at, part, place
"""
APPROVALS = """
    INSERT INTO workflows_approval (
        task_id, status, decided_by, decided_by_user, comment, created_at, decided_at
    )
    SELECT task.id, CASE WHEN awaits_approval THEN 'pending'
        WHEN run.state = 'failed' THEN 'rejected' ELSE 'approved' END,
        'alice', '1', '', task.created_at, task.started_at
    FROM workflows_task AS task JOIN workflows_workflowrun AS run ON run.id = task.run_id
    WHERE requires_approval ORDER BY task.id
"""
SEQUENCES = ("workflows_workflowrun", "workflows_task")


def seed(runs: int, *, tasks: int = TASKS_PER_RUN) -> None:
    """Insert so many runs with their tasks, edges, attempts, events and approvals."""
    values = {
        "runs": runs,
        "tasks": tasks,
        "rare": RARE,
        "template": WorkflowTemplate.objects.create(name="nightly").pk,
        "rare_template": WorkflowTemplate.objects.create(name="rare").pk,
        "runner": Runner.objects.get(name="local").pk,
        "rare_runner": Runner.objects.create(name="rare", kind="http", url="http://rare").pk,
    }
    with connection.cursor() as cursor:
        for statement in (RUNS, TASKS, EDGES, ATTEMPTS, EVENTS, APPROVALS):
            cursor.execute(statement, values)
        for table in SEQUENCES:
            cursor.execute(f"SELECT setval('{table}_id_seq', max(id)) FROM {table}")
        cursor.execute("ANALYZE")
