"""Every operation with its check and its preview, for entry points that offer all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from workflows.db.doors import durably
from workflows.models.actor import Actor
from workflows.operations import (
    approvals,
    attempts,
    checks,
    holds,
    keeping,
    labels,
    preview,
    runs,
    tasks,
)
from workflows.operations.checks import Refusal
from workflows.operations.dispatch_ready import dispatch_ready, dispatch_task
from workflows.operations.preview import Effect
from workflows.operations.retry_failed import retry_failed


def no_effects(rows: Any) -> list[Effect]:
    """Preview an operation that touches no task."""
    return []


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that people and programs may request for one row."""

    name: str
    label: str
    """What a button says that requests it."""
    apply: Callable[..., Any]
    """Carries it out on the row with this id, under the lock; raises the refusal of `check`."""
    check: Callable[[Any, Actor], Refusal]
    """Returns the refusal for a loaded row, or None if it is allowed."""
    preview: Callable[..., list[Effect]] = no_effects
    """Returns what else would happen if it were carried out on these rows."""
    calls_runners: bool = False
    """It has several transactions of its own, and calls runners between them."""

    @property
    def affects_tasks(self) -> bool:
        """Return True if there may be something to preview."""
        return self.preview is not no_effects

    def carry_out(self, pk: int, **arguments: Any) -> Any:
        """Carry it out on the row with this id, and have it stored when this returns."""
        if self.calls_runners:
            return self.apply(pk, **arguments)
        return durably(self.apply, pk, **arguments)


DISPATCH_READY = Operation(
    "dispatch_ready",
    "Dispatch ready task",
    dispatch_ready,
    checks.check_dispatch_ready,
    calls_runners=True,
)
DISPATCH_ALL_READY = Operation(
    "dispatch_all_ready",
    "Dispatch all ready tasks",
    partial(dispatch_ready, limit=None),
    checks.check_dispatch_ready,
    calls_runners=True,
)
DISPATCH_TASK = Operation(
    "dispatch_task",
    "Dispatch this task",
    dispatch_task,
    checks.check_dispatch_task,
    calls_runners=True,
)
PAUSE = Operation("pause", "Pause", runs.pause, checks.check_pause, preview.preview_pause)
RESUME = Operation("resume", "Resume", runs.resume, checks.check_resume)
ABORT = Operation("abort", "Abort", runs.abort, checks.check_abort, preview.preview_abort)
CANCEL_REST = Operation(
    "cancel_rest",
    "Cancel the rest",
    runs.cancel_rest,
    checks.check_cancel_rest,
    preview.preview_cancel_rest,
)
RETRY_FAILED = Operation(
    "retry_failed",
    "Retry failed tasks",
    retry_failed,
    checks.check_retry_failed,
    preview.preview_retry_failed,
)
AUTO_DISPATCH_ON = Operation(
    "auto_dispatch_on",
    "Switch auto-dispatch on",
    partial(runs.set_auto_dispatch, auto_dispatch=True),
    checks.check_auto_dispatch_on,
)
AUTO_DISPATCH_OFF = Operation(
    "auto_dispatch_off",
    "Switch auto-dispatch off",
    partial(runs.set_auto_dispatch, auto_dispatch=False),
    checks.check_auto_dispatch_off,
)
KEEP = Operation("keep", "Keep", keeping.keep, checks.check_keep)
LET_GO = Operation("let_go", "Keep no longer", keeping.let_go, checks.check_let_go)
LABEL = Operation("label", "Change labels", labels.label, checks.check_always)
NOTE = Operation("note", "Add a note", labels.note, checks.check_always)
HOLD = Operation("hold", "Hold", holds.hold, checks.check_hold, preview.preview_hold)
RELEASE = Operation(
    "release", "Release", holds.release, checks.check_release, preview.preview_release
)
CANCEL = Operation("cancel", "Cancel", tasks.cancel, checks.check_cancel, preview.preview_cancel)
RETRY = Operation("retry", "Retry", tasks.retry, checks.check_retry, preview.preview_retry)
RETRY_DOWNSTREAM = Operation(
    "retry_downstream",
    "Retry with downstream",
    tasks.retry_downstream,
    checks.check_retry_downstream,
    preview.preview_retry_downstream,
)
MARK_SUCCESS = Operation(
    "mark_success",
    "Mark success",
    tasks.mark_success,
    checks.check_mark_success,
    preview.preview_mark_success,
)
ASK = Operation("ask", "Ask now", attempts.ask, checks.check_ask, calls_runners=True)
DECLARE_LOST = Operation(
    "declare_lost",
    "Declare lost",
    attempts.declare_lost,
    checks.check_declare_lost,
    preview.preview_declare_lost,
)
APPROVE = Operation(
    "approve", "Approve", approvals.approve, checks.check_decision, preview.preview_approve
)
REJECT = Operation(
    "reject", "Reject", approvals.reject, checks.check_decision, preview.preview_reject
)
