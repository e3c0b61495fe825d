"""Each list, and each of its filters, is answered by an index in the order of the list."""

import django.db.models.deletion
from django.db import migrations, models

from workflows.migrations._concurrently import AddIndex, RemoveForeignKeyIndex

FREQUENT_EVENTS = ("task.created", "task.dispatched", "task.running", "task.succeeded")


def _index(model_name, name, *fields, condition=None):
    index = models.Index(fields=fields, name=name, condition=condition)
    return AddIndex(model_name=model_name, index=index)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workflows", "0024_search_indexes")]
    operations = [
        _index("approval", "approval_by_time", "created_at"),
        _index("event", "event_by_time", "created_at"),
        _index(
            "event",
            "event_by_type",
            *("event_type", "id"),
            condition=~models.Q(event_type__in=FREQUENT_EVENTS),
        ),
        _index(
            "task", "task_by_state", "state", "id", condition=~models.Q(state__in=("success",))
        ),
        _index("task", "task_awaiting", "id", condition=models.Q(awaits_approval=True)),
        _index("task", "task_on_hold", "id", condition=models.Q(is_held=True)),
        _index("task", "task_by_hand", "id", condition=models.Q(is_marked_success=True)),
        _index("task", "task_of_runner", "runner", "id"),
        RemoveForeignKeyIndex(
            model_name="task",
            name="runner",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Empty: the default runner.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="runners.runner",
            ),
        ),
        _index("task", "task_by_step", "step_id", "id"),
        _index("task", "task_by_end", "finished_at", condition=models.Q(finished_at__isnull=False)),
        _index("taskattempt", "attempt_by_time", "dispatched_at"),
        _index(
            "taskattempt",
            "attempt_broken",
            *("outcome", "dispatched_at"),
            condition=~models.Q(outcome__in=("", "success")),
        ),
        _index("taskattempt", "attempt_of_runner", "runner", "dispatched_at"),
        _index("workflowrun", "run_of_template", "template", "-id"),
        RemoveForeignKeyIndex(
            model_name="workflowrun",
            name="template",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="runs",
                to="workflows.workflowtemplate",
            ),
        ),
        _index("workflowrun", "run_by_initiator", "initiated_by", "-id"),
        _index("workflowrun", "run_by_auto_dispatch", "auto_dispatch", "-id"),
        _index("workflowrun", "run_by_creation", "created_at"),
    ]
