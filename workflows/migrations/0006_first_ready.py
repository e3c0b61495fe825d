"""The first ready task is found by an index of ready tasks alone."""

from django.db import migrations, models

from workflows.migrations._concurrently import AddIndex, RemoveIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workflows", "0005_run_by_end")]
    operations = [
        AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(state="pending", unmet_count=0),
                fields=["run", "position"],
                name="task_first_ready",
            ),
        ),
        RemoveIndex(model_name="task", name="task_ready"),
    ]
