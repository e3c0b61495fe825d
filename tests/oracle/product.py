"""Calls the product with the terms of the model."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from runners.models import Runner
from tests.oracle import model
from tests.oracle.drawing import Drawing
from tests.support.actors import who
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.dispatch.result import DispatchResult
from workflows.insight.explain import READY, explain
from workflows.insight.standing import Standing
from workflows.models import Approval, Event, TaskAttempt, WorkflowRun
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.runs.creation import create_run, create_task

BY = who("oracle")
TABLES = [
    *["logpiece", "event", "approval", "taskattempt", "taskdependency", "task", "workflowrun"],
    *["stepdependency", "templatestep", "templateversion", "workflowtemplate"],
]

DispatchAnswer = tuple[list[int], str | None, list[tuple[int, str, frozenset[int]]]]


def create(drawing: Drawing) -> WorkflowRun:
    """Create the run of a drawing."""
    if drawing.is_adopted:
        return _adopt(drawing)
    steps = [
        {
            "step_id": step.name,
            "title": step.name,
            "depends_on": step.upstream,
            "runner": step.runner,
            "requires_approval": step.needs_approval,
        }
        for step in drawing.steps
    ]
    template = create_template(parse_template({"name": "drawn", "steps": steps}))
    return create_run(template_id=template.pk, auto_dispatch=drawing.is_auto, by=BY)


def _adopt(drawing: Drawing) -> WorkflowRun:
    made = {
        step.name: create_task(
            title=step.name, runner=step.runner, requires_approval=step.needs_approval, by=BY
        ).pk
        for step in sorted(drawing.steps, key=lambda step: step.name)
    }
    ids = [made[step.name] for step in drawing.steps]
    return create_run(task_ids=ids, auto_dispatch=drawing.is_auto, by=BY)


def dispatch(run_id: int, limit: int | None, *, dry_run: bool) -> DispatchAnswer:
    """Ask for a dispatch; return what was sent, the reason, and what is blocked by what."""
    result = dispatch_ready(run_id, limit=limit, dry_run=dry_run, by=BY)
    _check_form(result)
    if not dry_run:
        sent = {UUID(each.attempt_id): each.task_id for each in result.dispatches}
        assert sent == dict(TaskAttempt.objects.filter(pk__in=sent).values_list("pk", "task"))
    blocked = [
        (each.task_id, each.reason, frozenset(cause.task_id for cause in each.root_causes))
        for each in result.blocked
    ]
    return [sent.task_id for sent in result.dispatches], result.reason, blocked


def _check_form(result: DispatchResult) -> None:
    """Check that the JSON form of an answer agrees with its fields."""
    answer = result.as_json()
    sent = [each["task_id"] for each in answer.get("dispatches") or [answer["dispatch"]] if each]
    assert sent == [each.task_id for each in result.dispatches]
    assert answer["dispatched"] is bool(sent)
    assert answer["task_id"] == (sent[0] if sent else None)
    assert (answer["reason"] is None) is bool(sent)
    for each in result.dispatches:
        assert each.runner_submission.submitted


def explained(run_id: int) -> dict[int, tuple[str, frozenset[int]]]:
    """Return why tasks of a run wait, as `explain` answers; ready ones have READY."""
    return {
        each["task_id"]: (
            each["reason"] if each["reason"] in _REASONS else READY,
            frozenset(cause["task_id"] for cause in each["root_causes"]),
        )
        for each in explain(run_id)["blocked"]
    }


_REASONS = (model.DEPENDENCIES, model.APPROVAL, model.HOLD)


def approval_of(task_id: int, number: int) -> int:
    """Return the nth approval that was asked for a task."""
    return list(Approval.objects.filter(task=task_id).order_by("id"))[number].pk


def states_of(run_ids: Sequence[int]) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return the states of runs and of their tasks, by id."""
    runs = list(WorkflowRun.objects.filter(pk__in=run_ids))
    causes = {
        pk: ({cause.task_id for cause in deadlock.root_causes}, deadlock.blocked)
        for pk, deadlock in Standing(runs).deadlocks.items()
    }
    tasks = {pk: (state, *map(bool, flags)) for pk, state, *flags in _rows(TASKS, run_ids)}
    return {run.pk: (run.state, causes.get(run.pk)) for run in runs}, tasks


def attempts(run_ids: Sequence[int]) -> dict[int, list[tuple[UUID, str]]]:
    """Return the attempts that no runner refused, with their status, by task, in order."""
    found: dict[int, list[tuple[UUID, str]]] = {}
    for task_id, pk, outcome, started_at in _rows(ATTEMPTS, run_ids):
        status = outcome or ("running" if started_at else "dispatched")
        found.setdefault(task_id, []).append((UUID(str(pk)), status))
    return found


# Plain SQL: it runs after each step, and building it with the ORM would take half of the time.
TASKS = """
    SELECT id, state, is_held, awaits_approval, is_marked_success, cancel_requested_at IS NOT NULL
      FROM workflows_task WHERE run_id IN (%s, %s)
"""
ATTEMPTS = """
    SELECT attempt.task_id, attempt.id, attempt.outcome, attempt.started_at
      FROM workflows_taskattempt attempt JOIN workflows_task task ON task.id = attempt.task_id
     WHERE task.run_id IN (%s, %s) AND attempt.outcome <> 'refused'
     ORDER BY attempt.task_id, attempt.number
"""


def _rows(statement: str, run_ids: Sequence[int]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [run_ids[0], run_ids[-1]])
        return list(cursor.fetchall())


def clear() -> None:
    """Forget every run and every template, and the runners of the oracle."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in TABLES:
            cursor.execute(f"DELETE FROM workflows_{name}")
    Runner.objects.exclude(name="local").delete()


def trail_length() -> int:
    """Return the number of events."""
    return Event.objects.count()
