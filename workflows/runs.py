"""How a run comes into being."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import Task, TaskState, WorkflowRun, WorkflowTemplate
from workflows.models.fields import check_json_object
from workflows.moves import batches


@transaction.atomic
def create_run(
    *,
    template_id: int | None = None,
    task_ids: Sequence[int] = (),
    initiated_by: str = "",
    parameters: dict[str, Any] | None = None,
    auto_dispatch: bool = False,
    by: str,
) -> WorkflowRun:
    """
    Create a run from a template, or from existing tasks in the order given.

    :raises NotFound: if the template or a task does not exist.
    :raises Conflict: if a task is in a run already, or is not pending.
    :raises Invalid: if neither is given, or the parameters are no object.
    """
    if template_id is None and not task_ids:
        raise Invalid({"workflow_template_id": ["Give a workflow_template_id or task_ids."]})
    template = _template(template_id) if template_id is not None else None
    run = WorkflowRun(
        template=template,
        expands_template=not task_ids,
        initiated_by=initiated_by or by,
        parameters=_checked(parameters or {}),
        auto_dispatch=auto_dispatch,
    )
    run.created_by = by
    if task_ids:
        tasks = _free_tasks(task_ids)
        run.template_name = template.name if template else ""
        run.pending_count = len(tasks)
        run.save()
        _adopt(run, tasks)
    else:
        run.save()
    return run


def _template(template_id: int) -> WorkflowTemplate:
    try:
        return WorkflowTemplate.objects.get(pk=template_id)
    except WorkflowTemplate.DoesNotExist:
        raise NotFound("workflow template", template_id) from None


def _checked(parameters: dict[str, Any]) -> dict[str, Any]:
    try:
        check_json_object(parameters)
    except ValidationError as exc:
        raise Invalid({"parameters": exc.messages}) from exc
    return parameters


def _free_tasks(task_ids: Sequence[int]) -> list[Task]:
    if len(set(task_ids)) < len(task_ids):
        raise Invalid({"task_ids": ["A task is listed twice."]})
    # In the order of their ids: two calls that want the same tasks wait for each other in turn.
    locked = Task.objects.select_for_update(no_key=True).filter(pk__in=task_ids).order_by("pk")
    found = {task.pk: task for task in locked}
    for task_id in task_ids:
        if task_id not in found:
            raise NotFound("task", task_id)
        if (task := found[task_id]).run_id:
            raise Conflict(f"task {task_id} is already in workflow run {task.run_id}")
        if task.state != TaskState.PENDING:
            raise Conflict(f"task {task_id} is {task.state}")
    return [found[task_id] for task_id in task_ids]


def _adopt(run: WorkflowRun, tasks: Sequence[Task]) -> None:
    for position, task in enumerate(tasks):
        task.run, task.position = run, position
    for batch in batches(tasks):
        Task.objects.bulk_update(batch, ["run", "position"])
