"""What fields mean that are called the same everywhere, for the OpenAPI document."""

from workflows.authoring.schema import STEP_SCHEMA, TEMPLATE_SCHEMA

FIELD_TEXTS: dict[str, str] = {
    name: field["description"]
    for schema in (STEP_SCHEMA, TEMPLATE_SCHEMA)
    for name, field in schema["properties"].items()
} | {
    "id": "Its id.",
    "run_id": "The run; null if there is none yet.",
    "task_id": "The task.",
    "step_id": "The step in the template; null for a task that was created alone.",
    "status": "The state that it is in.",
    "runner_kind": "The kind of the runner: local, http, celery or one of your own.",
    "reason": "Why; kept in the trail.",
    "comment": "What the person who decided says about it.",
    "number": "1 for the first one, then 2, and so on.",
    "attempt_count": "How often it was dispatched.",
    "attempts": "Its attempts, the first one first.",
    "exit_code": "The exit code of its command; null if there is none.",
    "message": "Why it ended as it did, as its runner says; empty if nothing is said.",
    "result": "What its function returned or its host sent; null if nothing.",
    "root_causes": "The failed, canceled, held or unapproved tasks that it waits for, however far "
    "upstream; at most 20.",
    "more_root_causes": "True if there are more than are listed.",
    "note": "What else is to be known, such as the reason of a hold.",
    "resume_at": "When the hold ends by itself; null: when somebody releases it.",
    "deadlock": "Set if pending tasks can never run because others failed or were canceled.",
    "set_aside": "What about the rows of this run cannot be worked with, a line for each; empty "
    "for all others.",
    "kept_at": "Since when somebody keeps it from being removed; null: nobody does.",
    "kept_by": "Who keeps it.",
    "kept_reason": "Why.",
    "logs_removed_at": "When the logs of its attempts were removed; null: they are there.",
    "secrets_removed_at": "When the values of its secret parameters were removed; null: never.",
    "keep_runs_days": "How many days ended runs are kept; 0: forever; null: as the setting says.",
    "keep_logs_days": "How many days their logs are kept; 0: as long as the run; null: as the "
    "setting says.",
    "sentence": "What it waits for and what helps, or how it ended, for people.",
    "suggested_actions": "Operations that would help; whether you may is decided when you ask.",
    "failure_triage_hints": "For each of the first tasks that failed: why, and what helps.",
    "retry_summary": "How often its tasks were retried.",
    "awaits_approval": "It waits for a decision.",
    "is_held": "It is on hold.",
    "is_marked_success": "Somebody has set it to success by hand.",
    "cancel_requested_at": "When its end was requested; null: it was not.",
    "created_at": "When it was created.",
    "updated_at": "When it last changed.",
    "dispatched_at": "When it was handed to its runner; null: it was not.",
    "submitted_at": "When its runner took it; null: not yet, or executors fetch it themselves.",
    "started_at": "When it started; null: it has not.",
    "finished_at": "When it ended; null: it has not.",
    "decided_at": "When it was decided; null: it is open.",
    "decided_by": "Who decided it; empty: it is open.",
    "called_back_at": "When the first callback of its host was accepted; null: none was.",
    "saved_by": "Who saved it.",
    "saved_at": "When it was saved.",
    "version": "Grows with each change of the template.",
    "actor": "Who did it, as people read it; empty for the product itself.",
    "actor_user": "The name of the user who did it; empty if no user did.",
    "actor_via": "By which way: web, API, command and the like.",
    "event_type": "What happened, such as `task.failed`.",
    "details": "What else the host says: the id of its container, what became of its worktree.",
    "labels": "By key: short facts by which runs are found again.",
    "initiated_by": "Who or what started the run, as its creator says.",
    "dry_run": "Only say what would be done, and change nothing.",
}
