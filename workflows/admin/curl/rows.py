"""What the API can do with a row: the requests that its page offers as commands."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Model

from runners.models import Runner
from workflows.admin.actions.buttons import buttons_for
from workflows.admin.actions.registry import (
    APPROVAL_OPERATIONS,
    CANCEL_REST,
    DISPATCH,
    DISPATCH_ALL,
    RUN_OPERATIONS,
    TASK_OPERATIONS,
)
from workflows.admin.curl.command import Call
from workflows.admin.curl.doors import NAMES, call_of
from workflows.models import Approval, Task, WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor

Titled = tuple[str, Call]
OPERATE, DECIDE = "workflows.operate_workflowrun", "workflows.decide_approval"
OPERATIONS = {
    WorkflowRun: (OPERATE, (DISPATCH, DISPATCH_ALL, *RUN_OPERATIONS, CANCEL_REST)),
    Task: (OPERATE, TASK_OPERATIONS),
    Approval: (DECIDE, APPROVAL_OPERATIONS),
}
FILE = "template.json"
PICK = "import json, sys; json.dump(json.load(sys.stdin)['content'], sys.stdout)"
SAVE = f'| python3 -c "{PICK}" > {FILE}'


def calls_about(row: Model, user: Any, by: Actor) -> Iterator[Titled]:
    """Yield what a user may do with a row now, the reading first."""
    if isinstance(row, WorkflowRun | Task | Approval):
        yield from _read(row)
        permission, operations = OPERATIONS[type(row)]
        if user.has_perm(permission):
            for button in buttons_for(row, operations, by=by):
                if not button.reason:
                    yield button.operation.label, call_of(button.operation, row)
    if isinstance(row, WorkflowRun) and row.template_id and user.has_perm(ADD_RUN):
        yield "Run it again", Call("workflowrun-list", "POST", _again(row))
    if isinstance(row, WorkflowTemplate):
        yield from _of_template(row, user)
    if isinstance(row, Runner):
        yield from _of_runner(row, user)


ADD_RUN = "workflows.add_workflowrun"


def _again(run: WorkflowRun) -> dict[str, Any]:
    return {"again_of": run.pk, "auto_dispatch": True}


def _read(row: WorkflowRun | Task | Approval) -> Iterator[Titled]:
    yield "Read it", Call(f"{NAMES[type(row)]}-detail", parameters={"pk": row.pk})
    if isinstance(row, WorkflowRun):
        yield "Say why its tasks wait", Call("workflowrun-explain", parameters={"pk": row.pk})
        yield "List its tasks", Call("task-list", query={"run_id": row.pk})
        yield "List its events", Call("event-list", query={"run_id": row.pk})
    if isinstance(row, Task) and row.attempt_count:
        yield "Read its log", Call("task-log", parameters={"pk": row.pk})


def _of_template(template: WorkflowTemplate, user: Any) -> Iterator[Titled]:
    here = {"pk": template.pk}
    yield "Read it", Call("workflowtemplate-detail", parameters=here)
    if user.has_perm(ADD_RUN):
        body = {"workflow_template_id": template.pk, "auto_dispatch": True}
        yield "Run it", Call("workflowrun-list", "POST", body)
    version = {**here, "number": template.version}
    export = Call("workflowtemplate-version", parameters=version, then=SAVE)
    yield f"Export version {template.version} to {FILE}", export
    if user.has_perm("workflows.change_workflowtemplate"):
        put = Call("workflowtemplate-detail", "PUT", parameters=here, file=FILE)
        yield f"Import {FILE} as a new version", put
    if user.has_perm("workflows.delete_workflowtemplate"):
        yield "Delete it", Call("workflowtemplate-detail", "DELETE", parameters=here)


def _of_runner(runner: Runner, user: Any) -> Iterator[Titled]:
    here = {"pk": runner.pk}
    yield "Read it", Call("runner-detail", parameters=here)
    if user.has_perm("runners.change_runner"):
        verb = "Disable" if runner.is_enabled else "Enable"
        body = {"is_enabled": not runner.is_enabled}
        yield f"{verb} it", Call("runner-detail", "PATCH", body, here)
    if user.has_perm("runners.delete_runner"):
        yield "Delete it, if nothing has used it", Call("runner-detail", "DELETE", parameters=here)
