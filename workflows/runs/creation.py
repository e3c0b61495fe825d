"""Creates runs, and tasks that are in no run yet; lists the tasks of runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from runners import transaction
from runners.encryption import WRONG_KEYS
from runners.models import Runner
from workflows.authoring.checks import lone_task_problems, unknown_runners
from workflows.db import failpoints
from workflows.db.time_limits import locking
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import (
    EventType,
    Task,
    TaskState,
    WorkflowRun,
    WorkflowTemplate,
)
from workflows.models.actor import Actor, shortened
from workflows.models.fields import check_json_object
from workflows.models.run import LONGEST_LABEL
from workflows.payloads.parameters import take_parameters
from workflows.payloads.secrets import encrypted_parameters, masked
from workflows.runs.again import Again, earlier_run, repeat, schema_of
from workflows.runs.approval_requests import AGAIN, request_approval, request_approvals
from workflows.runs.events import record
from workflows.runs.labels import take_labels
from workflows.runs.locks import LARGEST_ID
from workflows.runs.trail import save_trail


@transaction.atomic
def create_run(
    *,
    template_id: int | None = None,
    task_ids: Sequence[int] = (),
    initiated_by: str = "",
    parameters: dict[str, Any] | None = None,
    auto_dispatch: bool = False,
    again: Again | None = None,
    trigger: dict[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    by: Actor,
) -> WorkflowRun:
    """
    Create a run from a template, or from existing tasks in the order given.

    :param again: the run that it repeats, whose template it has then.
    :param trigger: what started it, if no person did: `{kind, id, name, moment}`.
    :raises NotFound: if the template or a task does not exist.
    :raises Conflict: if a task is in a run already, or is not pending.
    :raises Invalid: if neither is given, or the parameters are not what the template takes.
    """
    earlier = earlier_run(again, template_id, task_ids) if again else None
    run = WorkflowRun(
        template=_chosen(earlier.template_id if earlier else template_id, task_ids),
        expands_template=not task_ids,
        auto_dispatch=auto_dispatch,
        again_of=again.run_id if again else None,
        trigger=trigger,
        **creator_columns(by, initiated_by),
    )
    given = parameters or {}
    taken = repeat(run, earlier, again, given, by=by) if again and earlier else given
    take_labels(run, labels or {}, give_parameters(run, taken, schema_of(run)))
    _save(run, task_ids, by=by)
    return run


@transaction.atomic
def create_task(
    *,
    title: str,
    runner: str | None = None,
    payload: dict[str, Any] | None = None,
    timeout_seconds: int | None = None,
    requires_approval: bool = False,
    by: Actor,
) -> Task:
    """
    Create a task that is in no run yet.

    :param runner: the name of a runner; None for the default runner.
    :raises Invalid: if there is no such runner, or the payload is wrong.
    """
    task = Task(
        title=title,
        payload=payload or {},
        timeout_seconds=timeout_seconds,
        requires_approval=requires_approval,
    )
    problems = {"payload": list(lone_task_problems(task.payload, runner))}
    if runner is not None:
        task.runner = Runner.objects.filter(name=runner).first()
        problems["runner"] = [] if task.runner else [unknown_runners([runner])[runner]]
    if wrong := {name: texts for name, texts in problems.items() if texts}:
        raise Invalid(wrong)
    task.save()
    record(EventType.TASK_CREATED, task=task, by=by, at=task.created_at)
    if requires_approval:
        request_approval(None, task, by=by)
    return task


def creator_columns(by: Actor, initiated_by: str = "") -> dict[str, str]:
    """Return the columns of a new run that say who has created it."""
    label = shortened(by.name, LONGEST_LABEL)
    return {
        "created_by": label,
        "initiated_by": initiated_by or label,
        "created_by_name": by.name if by.name != label else "",
        "created_by_user": by.user,
        "created_by_via": by.via,
    }


def _chosen(template_id: int | None, task_ids: Sequence[int]) -> WorkflowTemplate | None:
    if template_id is None and not task_ids:
        remedy = "Give a workflow_template_id, task_ids or again_of."
        raise Invalid({"workflow_template_id": [remedy]})
    return None if template_id is None else _template(template_id, lock=not task_ids)


def _template(template_id: int, *, lock: bool) -> WorkflowTemplate:
    templates = WorkflowTemplate.objects.all()
    if lock:  # as its expansion will; here, somebody who has to wait is told what for
        templates = templates.select_for_update(no_key=True)
    try:
        with locking("workflow template", template_id):
            return templates.get(pk=template_id)
    except WorkflowTemplate.DoesNotExist:
        raise NotFound("workflow template", template_id) from None


def give_parameters(
    run: WorkflowRun, parameters: dict[str, Any], schema: dict[str, Any]
) -> dict[str, str]:
    """
    Give a new run its parameters; return the values of those that are secret.

    :raises Invalid: naming the parameters that the schema does not take.
    """
    try:
        check_json_object(parameters)
    except ValidationError as exc:
        raise Invalid({"parameters": exc.messages}) from exc
    # The template of a run made of existing tasks is only a label, which says what is secret.
    is_label = not run.expands_template
    run.parameters, secrets = take_parameters(schema, parameters, is_label=is_label)
    run.initiated_by = masked(run.initiated_by, secrets.values())
    try:
        run.encrypted_secrets = encrypted_parameters(secrets)
    except ValueError:
        raise Invalid({"parameters": [WRONG_KEYS]}) from None
    return secrets


def _free_tasks(task_ids: Sequence[int]) -> list[Task]:
    if len(set(task_ids)) < len(task_ids):
        raise Invalid({"task_ids": ["A task is listed twice."]})
    # In the order of their ids: two calls that want the same tasks cannot block each other.
    possible = [task_id for task_id in task_ids if abs(task_id) <= LARGEST_ID]
    locked = Task.objects.select_for_update(no_key=True).filter(pk__in=possible).order_by("pk")
    found = {task.pk: task for task in locked}
    for task_id in task_ids:
        if task_id not in found:
            raise NotFound("task", task_id)
        if (task := found[task_id]).run_id:
            raise Conflict(f"task {task_id} is already in workflow run {task.run_id}")
        if task.state != TaskState.PENDING:
            raise Conflict(f"task {task_id} is {task.state}")
    return [found[task_id] for task_id in task_ids]


def _save(run: WorkflowRun, task_ids: Sequence[int], *, by: Actor) -> None:
    if task_ids:
        _save_with_tasks(run, _free_tasks(task_ids), by=by)
    else:
        run.save()  # expands the template
    failpoints.point("run.created")


def _save_with_tasks(run: WorkflowRun, tasks: Sequence[Task], *, by: Actor) -> None:
    if run.template:
        _take_label(run, run.template)
    run.tasks_to_take = tasks
    run.save()
    if run.approver_must_differ:
        # Whoever approved them alone could not be compared with the creator of the run.
        gates = [task for task in tasks if task.requires_approval and not task.awaits_approval]
        request_approvals(run, gates, by=by, why=AGAIN.format("it was not in this run before"))
        save_trail(run)


def _take_label(run: WorkflowRun, template: WorkflowTemplate) -> None:
    """Take a template's name and its rules on approvals; its steps and parameters are not used."""
    run.template_name = template.name
    run.approver_must_differ = template.approver_must_differ
    run.approval_lasts = template.approval_lasts
