"""Builds a history: runs that were created, dispatched and executed by the product's functions."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from benchmarks import graphs
from benchmarks.product import BY
from workflows.authoring.spec import StepSpec, TemplateSpec
from workflows.authoring.store import create_template
from workflows.authoring.wfformat import NOOP
from workflows.dispatch.claims import ClaimRequest, claim_waiting
from workflows.models import Approval, TaskAttempt, TaskState, WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor
from workflows.operations.approvals import approve
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.reports.apply import apply_reports_and_claim
from workflows.reports.report import Report
from workflows.runs.creation import create_run

RUN_TASKS = 200
GATED_EVERY = 10
"""So many runs have one that asks for an approval, which is given."""
FAILED_EVERY = 100
"""So many runs have one whose last task fails."""
TEMPLATES = 20
SAMPLE = "sample"
REQUEST = ClaimRequest(RUN_TASKS, 0, timedelta(days=1), BY)
APPROVER = Actor("1", "scale", "command")

Progress = Callable[[int], None]


def build_history(tasks: int, progress: Progress = lambda _: None) -> int:
    """Execute as many runs of 200 tasks as have so many; return how many there are."""
    *templates, gated = WorkflowTemplate.objects.exclude(name=SAMPLE).order_by("pk")
    runs = max(1, tasks // RUN_TASKS)
    for number in range(1, runs + 1):
        is_gated = number % GATED_EVERY == 0
        template = gated if is_gated else templates[number % len(templates)]
        execute(template, fails=number % FAILED_EVERY == 0)
        progress(number * RUN_TASKS)
    return runs


def create_templates() -> None:
    """Store the templates, which are no fewer where there is no history."""
    for number in range(TEMPLATES):
        _template(f"nightly {number}", gated=False)
    _template("release", gated=True)


def build_samples() -> tuple[WorkflowRun, WorkflowRun]:
    """Execute one run more; leave another one in the middle, where a task waits for approval."""
    template = _template(SAMPLE, gated=True)
    ended = execute(template, fails=False)
    active = create_run(template_id=template.pk, initiated_by="scale", by=BY)
    dispatch_ready(active.pk, limit=RUN_TASKS // 4, by=BY)
    started = claim_waiting(active.pk, REQUEST).started
    apply_reports_and_claim(active.pk, _reports(started[:-2]), REQUEST)
    return ended, WorkflowRun.objects.get(pk=active.pk)


def _template(name: str, *, gated: bool) -> WorkflowTemplate:
    """Store two rows of a hundred steps, each of which waits for two; the first may ask."""
    steps = [
        StepSpec(step, step, tuple(upstream), None, NOOP, requires_approval=gated and step == "s0")
        for step, upstream in graphs.lattice(RUN_TASKS).items()
    ]
    return create_template(TemplateSpec(name, tuple(steps)))


def execute(template: WorkflowTemplate, *, fails: bool) -> WorkflowRun:
    """
    Create a run and execute it to its end.

    That is what executors do, in the same transactions; only the work itself is left out.
    """
    run = create_run(
        template_id=template.pk,
        initiated_by="scale",
        parameters={"day": "2026-01-01"},
        auto_dispatch=True,
        by=BY,
    )
    for approval in Approval.objects.filter(task__run=run):
        approve(approval.pk, by=APPROVER)
    finish(run.pk, fails=fails)
    run.refresh_from_db()
    return run


def finish(run_id: int, *, fails: bool = False) -> None:
    """Execute what is left of a run; the last of its first tasks may fail."""
    dispatch_ready(run_id, limit=None, by=BY)
    started = claim_waiting(run_id, REQUEST).started
    while started:
        reports = _reports(started)
        if fails:
            last = reports.pop()
            reports.append(Report(last.attempt_id, TaskState.FAILED, 1, message="exit code 1"))
        started = apply_reports_and_claim(run_id, reports, REQUEST).started
        fails = False


def _reports(attempts: Sequence[TaskAttempt]) -> list[Report]:
    return [Report(attempt.pk, TaskState.SUCCESS, 0, result=0) for attempt in attempts]
