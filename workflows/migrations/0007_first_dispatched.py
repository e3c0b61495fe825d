"""The first task of a run that waits for an executor is found by an index of such tasks alone."""

from django.db import migrations, models

from workflows.migrations._concurrently import AddIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workflows", "0006_first_ready")]
    operations = [
        AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(state="dispatched"),
                fields=["run", "position"],
                name="task_first_dispatched",
            ),
        ),
    ]
