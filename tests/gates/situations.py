"""The situations in which a gate may stand, each made by the product's own operations."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.gates.people import Person
from tests.support.drawing import steps_of
from tests.support.verbs import attempt, dispatch_all, report, task
from workflows import operations
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.errors import Conflict
from workflows.models import Approval, TaskAttempt, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.creation import create_run

DRAWING = "build > gate > ship > tell"
MACHINE = Actor(name="machine")


@dataclass(frozen=True)
class Cast:
    """The run and those who brought it into its situation."""

    run: WorkflowRun
    reviewer: Actor
    """A person who may decide, and did; tries nothing."""


def new_run(creator: Person, *, gates: tuple[str, ...] = ("gate",), auto: bool) -> WorkflowRun:
    """Return a run of the drawing, whose approver must be somebody else."""
    steps = [{**step, "requires_approval": step["step_id"] in gates} for step in steps_of(DRAWING)]
    spec = parse_template({"name": "release", "steps": steps, "approver_must_differ": True})
    template = create_template(spec)
    return create_run(template_id=template.pk, auto_dispatch=auto, by=creator.actor)


def drive(run: WorkflowRun) -> None:
    """Let machines do what they may: dispatch what is ready and end it well, until it stops."""
    for _ in range(6):
        try:
            dispatch_all(run)
        except Conflict:  # the run is paused or aborted
            return
        open_attempts = list(TaskAttempt.objects.open().filter(task__run=run))
        for each in open_attempts:
            report(each, "success")
        if not open_attempts:
            return


def approval(run: WorkflowRun) -> Approval:
    """Return the latest approval of the gate."""
    return Approval.objects.filter(task=task(run, "gate")).latest("id")


def build(run: WorkflowRun) -> None:
    """End what stands before the gate."""
    dispatch_all(run)
    report(attempt(run, "build"), "success")


def approve(cast: Cast) -> None:
    """Let the reviewer approve."""
    operations.approve(approval(cast.run).pk, by=cast.reviewer)


def _rejected(cast: Cast) -> None:
    build(cast.run)
    operations.reject(approval(cast.run).pk, by=cast.reviewer)


def _canceled(cast: Cast) -> None:
    operations.cancel(task(cast.run, "gate").pk, by=MACHINE)


def _canceled_behind(cast: Cast) -> None:
    operations.cancel(task(cast.run, "ship").pk, by=MACHINE)


def _running(cast: Cast) -> None:
    build(cast.run)
    approve(cast)
    dispatch_all(cast.run)
    report(attempt(cast.run, "gate"), "running")


def _failed(cast: Cast) -> None:
    build(cast.run)
    approve(cast)
    dispatch_all(cast.run)
    report(attempt(cast.run, "gate"), "failed")


def _succeeded(cast: Cast) -> None:
    approve(cast)
    drive(cast.run)


def _asked_again(cast: Cast) -> None:
    build(cast.run)
    operations.hold(task(cast.run, "gate").pk, by=MACHINE)
    approve(cast)
    operations.retry_downstream(task(cast.run, "build").pk, by=MACHINE)
    operations.release(task(cast.run, "gate").pk, by=MACHINE)


def _held(cast: Cast) -> None:
    build(cast.run)
    operations.hold(task(cast.run, "gate").pk, by=MACHINE)


def _paused(cast: Cast) -> None:
    build(cast.run)
    operations.pause(cast.run.pk, by=MACHINE)


def _aborted(cast: Cast) -> None:
    operations.abort(cast.run.pk, by=MACHINE)


def _run_failed(cast: Cast) -> None:
    dispatch_all(cast.run)
    report(attempt(cast.run, "build"), "failed")


def _reopened(cast: Cast) -> None:
    _succeeded(cast)
    operations.retry_downstream(task(cast.run, "gate").pk, by=MACHINE)


SITUATIONS: dict[str, Callable[[Cast], None]] = {
    "no gate": lambda cast: None,
    "pending": lambda cast: build(cast.run),
    "approved": approve,
    "rejected": _rejected,
    "canceled while pending": _canceled,
    "canceled behind the gate": _canceled_behind,
    "running after approval": _running,
    "failed after approval": _failed,
    "success": _succeeded,
    "downstream of a reset": _asked_again,
    "on hold": _held,
    "run paused": _paused,
    "run aborted": _aborted,
    "run failed": _run_failed,
    "run reopened": _reopened,
}


def situation(name: str, creator: Person, reviewer: Person) -> WorkflowRun:
    """Return a run in a situation."""
    gates = () if name == "no gate" else ("gate",)
    run = new_run(creator, gates=gates, auto=name != "pending")
    SITUATIONS[name](Cast(run, reviewer.actor))
    return run
