"""The list of trials is answered by an index."""

from django.db import migrations, models

from workflows.migrations._concurrently import AddIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workflows", "0028_trials")]
    operations = [
        AddIndex(
            model_name="workflowrun",
            index=models.Index(
                fields=["-id"], name="run_of_draft", condition=models.Q(trial__isnull=False)
            ),
        ),
    ]
