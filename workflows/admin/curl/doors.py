"""At which address of the API each operation is, and what its body must have."""

from collections.abc import Iterable, Mapping
from typing import Any

from workflows.admin.actions.forms import LabelsForm, NoteForm, RequiredReasonForm
from workflows.admin.actions.registry import AdminOperation
from workflows.admin.curl.command import Call
from workflows.models import Approval, Task, WorkflowRun

DETAIL, READY = "workflowrun-detail", "workflowrun-dispatch-ready"
ELSEWHERE: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "dispatch_ready": (READY, "POST", {}),
    "dispatch_all_ready": (READY, "POST", {"limit": "all"}),
    "auto_dispatch_on": (DETAIL, "PATCH", {"auto_dispatch": True}),
    "auto_dispatch_off": (DETAIL, "PATCH", {"auto_dispatch": False}),
    "retry_failed": ("workflowrun-retry", "POST", {}),
}
"""Operations whose address is not called as they are: address, method and body."""
BODIES: Mapping[type, Mapping[str, Any]] = {
    RequiredReasonForm: {"reason": "why"},
    NoteForm: {"note": "what there is to say"},
    LabelsForm: {"labels": {"team": "data"}},
}
"""What must be given, by the form that asks for it in the console."""
NAMES = {WorkflowRun: "workflowrun", Task: "task", Approval: "approval"}


def call_of(operation: AdminOperation, row: WorkflowRun | Task | Approval) -> Call:
    """Return the request that does the same to a row as a button of the console."""
    if operation.name == "dispatch_task" and isinstance(row, Task):
        return Call(READY, "POST", {"task_id": row.pk}, {"pk": row.run_id})
    dashed = operation.name.replace("_", "-")
    body = BODIES.get(operation.form, {}) if operation.form else {}
    usual = (f"{NAMES[type(row)]}-{dashed}", "POST", body)
    name, method, body = ELSEWHERE.get(operation.name, usual)
    return Call(name, method, body, {"pk": row.pk})


def calls_of(
    operation: AdminOperation, rows: Iterable[WorkflowRun | Task | Approval]
) -> list[Call]:
    """Return the requests that do the same to several rows."""
    return [call_of(operation, row) for row in rows]
