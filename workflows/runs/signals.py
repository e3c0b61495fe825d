"""Expands new runs."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from workflows.models import WorkflowRun
from workflows.runs.expansion import expand_run, make_tasks, take_tasks


@receiver(post_save, sender=WorkflowRun)
def expand_new_run(instance: WorkflowRun, created: bool, raw: bool = False, **_: Any) -> None:
    """Give a new run its tasks, in the transaction that creates it."""
    if created and not raw:
        if instance.steps_to_make:
            make_tasks(instance)
        elif instance.template_id and instance.expands_template:
            expand_run(instance)
        else:
            take_tasks(instance)
