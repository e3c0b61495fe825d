"""The runs that ended lately are found by index."""

from django.db import migrations, models

from workflows.migrations._concurrently import AddIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workflows", "0004_first_versions")]
    operations = [
        AddIndex(
            model_name="workflowrun",
            index=models.Index(fields=["state", "finished_at"], name="run_by_end"),
        ),
    ]
