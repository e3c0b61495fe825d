"""
The operations that people and programs may request: one function each, for all callers.

What this module lists is kept for your own code, too, with its errors: see docs/your-code.md.
"""

from workflows.db.doors import InsideTransaction
from workflows.errors import Busy, Conflict, Invalid, NotFound, NotPermitted, WorkflowError
from workflows.models.actor import Actor
from workflows.operations.approvals import approve, reject
from workflows.operations.attempts import ask, declare_lost
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.operations.holds import hold, release
from workflows.operations.keeping import keep, let_go
from workflows.operations.labels import label, note
from workflows.operations.retry_failed import retry_failed
from workflows.operations.runners import delete_runner
from workflows.operations.runs import abort, cancel_rest, pause, resume, set_auto_dispatch
from workflows.operations.start import start_run
from workflows.operations.tasks import cancel, mark_success, retry, retry_downstream

__all__ = [
    "Actor",
    "Busy",
    "Conflict",
    "InsideTransaction",
    "Invalid",
    "NotFound",
    "NotPermitted",
    "WorkflowError",
    "abort",
    "approve",
    "ask",
    "cancel",
    "cancel_rest",
    "declare_lost",
    "delete_runner",
    "dispatch_ready",
    "hold",
    "keep",
    "label",
    "let_go",
    "mark_success",
    "note",
    "pause",
    "reject",
    "release",
    "resume",
    "retry",
    "retry_downstream",
    "retry_failed",
    "set_auto_dispatch",
    "start_run",
]
