"""The tasks and edges of a trial, made of the steps of a draft: nothing of it is stored else."""

from collections.abc import Iterator, Sequence

from workflows.authoring.spec import StepSpec
from workflows.authoring.store import runners_by_name
from workflows.models import Task, TaskDependency, WorkflowRun
from workflows.runs.trail import Edge


def made_tasks(run: WorkflowRun) -> Sequence[Task]:
    """
    Make the tasks of a trial, in list order.

    :raises Invalid: naming a runner that does not exist, and its step.
    """
    steps: Sequence[StepSpec] = run.steps_to_make
    runners = runners_by_name(steps)
    return Task.objects.bulk_create(
        Task(
            run=run,
            step_id=step.step_id,
            title=step.title,
            position=position,
            runner=runners[step.runner] if step.runner else None,
            payload=step.payload,
            timeout_seconds=step.timeout_seconds,
            requires_approval=step.requires_approval,
            awaits_approval=step.requires_approval,
            unmet_count=len(step.depends_on) + step.requires_approval,
        )
        for position, step in enumerate(steps)
    )


def made_edges(run: WorkflowRun, tasks: Sequence[Task]) -> list[Edge]:
    """Make the dependencies between these tasks."""
    edges = list(_edges(run.steps_to_make, tasks))
    TaskDependency.objects.bulk_create(
        TaskDependency(task_id=task, depends_on_id=upstream) for task, upstream in edges
    )
    return edges


def _edges(steps: Sequence[StepSpec], tasks: Sequence[Task]) -> Iterator[Edge]:
    task_of = {task.step_id: task.pk for task in tasks}
    for step, task in zip(steps, tasks, strict=True):
        yield from ((task.pk, task_of[name]) for name in step.depends_on)
