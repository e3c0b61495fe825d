"""Makes an installation in which every text is markup."""

from typing import Any

from django.utils import timezone

from runners.models import Runner
from tests.support.actors import who
from tests.support.markup import MARK, mark_every_text
from workflows import operations
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template
from workflows.models import LogPiece, RunRecord, Task, TaskAttempt, WorkflowRun
from workflows.runs.creation import create_run
from workflows.runs.trials import Draft, create_trial

SCHEMA = {
    "title": MARK,
    "description": MARK,
    "properties": {
        MARK: {"type": "string", "title": MARK, "description": MARK, "default": MARK},
        "choice": {"enum": [MARK, {MARK: MARK}], "title": MARK, "description": MARK},
        "lines": {"type": "array", "items": {"type": "string"}, "description": MARK},
        "any": {"description": MARK, "default": {MARK: MARK}},
        "number": {"type": "integer", "description": MARK},
        "yes": {"type": "boolean", "description": MARK},
        "token": {"type": "string", "writeOnly": True, "description": MARK},
    },
}
COMMAND = {"command": ["echo", MARK], "env": {"MARK": MARK}}
FUNCTION = {"python": "noop", "kwargs": {MARK: MARK}}

SPEC: dict[str, Any] = {
    "name": MARK,
    "description": MARK,
    "parameters_schema": SCHEMA,
    "steps": [
        {"step_id": MARK, "title": MARK, "payload": COMMAND, "requires_approval": True},
        {"step_id": f"{MARK}2", "title": MARK, "payload": FUNCTION, "depends_on": [MARK]},
    ],
}


def store_markup() -> WorkflowRun:
    """Store markup in every text, beside the runs that there are; return a run that is paused."""
    template = create_template(parse_template(SPEC), by=who(MARK))
    other = {**SPEC, "description": f"{MARK}2", "steps": SPEC["steps"][:1]}
    replace_template(template.pk, parse_template(other), by=who(MARK))
    trigger = {"kind": MARK, "id": 1, "name": MARK, "moment": None}
    run = create_run(template_id=template.pk, by=who(MARK), initiated_by=MARK, trigger=trigger)
    operations.pause(run.pk, by=who(MARK), reason=MARK)
    for held in Task.objects.filter(state="pending").exclude(run=run)[:1]:
        operations.hold(held.pk, by=who(MARK), reason=MARK)
    for attempt in TaskAttempt.objects.all():
        LogPiece.objects.create(attempt=attempt, offset=0, text=MARK, at=timezone.now())
    TaskAttempt.objects.update(result={MARK: MARK}, exit_code=1)
    Runner.objects.update(url="http://host", queue="queue")
    removed = {"line_number": 1, "removed_at": timezone.now(), "trigger": trigger}
    tried = Draft(parse_template(SPEC), template.pk, version=1, step_id=MARK)
    trial = create_trial(tried, {}, by=who(MARK))
    removed["trial"] = trial.trial_facts
    RunRecord.objects.create(run_id=10**6, created_at=timezone.now(), template_id=1, **removed)
    mark_every_text()
    return run
