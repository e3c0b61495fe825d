"""Runs whose tasks get other payloads than a template may have."""

from collections.abc import Mapping
from typing import Any

from workflows.models import EventType, Task, TaskDependency, WorkflowRun
from workflows.runs.chain import link_digest
from workflows.runs.trail import definition_of


def give_payloads(run: WorkflowRun, payloads: Mapping[str, dict[str, Any]]) -> None:
    """Give tasks of a new run these payloads, by step, as if it had been created so."""
    for step_id, payload in payloads.items():
        Task.objects.filter(run=run, step_id=step_id).update(payload=payload)
    run.refresh_from_db()
    assert run.trail_length == 1
    created = run.events.get(event_type=EventType.RUN_CREATED)
    edges = TaskDependency.objects.filter(task__run=run).values_list("task_id", "depends_on_id")
    created.digest = link_digest("", vars(created), definition_of(run, edges))
    created.save(update_fields=["digest"])
    WorkflowRun.objects.filter(pk=run.pk).update(trail_head=created.digest)
