"""What is to be removed, and what was, is found by index."""

from django.db import migrations, models

from workflows.migrations._concurrently import AddIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workflows", "0021_retention")]
    operations = [
        AddIndex(
            model_name="runrecord",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", False)),
                fields=["ended_at"],
                name="record_removed_by_end",
            ),
        ),
        AddIndex(
            model_name="runrecord",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", False)),
                fields=["template_id", "run_id"],
                name="record_removed_of_template",
            ),
        ),
        AddIndex(
            model_name="workflowrun",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)),
                fields=["template", "finished_at"],
                name="run_of_template_by_end",
            ),
        ),
        AddIndex(
            model_name="workflowrun",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False), ("logs_removed_at", None)),
                fields=["template", "finished_at"],
                name="run_with_logs_by_end",
            ),
        ),
        AddIndex(
            model_name="workflowrun",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False), ("secrets_removed_at", None)),
                fields=["template", "finished_at"],
                name="run_with_secrets_by_end",
            ),
        ),
        AddIndex(
            model_name="workflowrun",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", False)),
                fields=["removed_at"],
                name="run_being_removed",
            ),
        ),
        AddIndex(
            model_name="workflowrun",
            index=models.Index(
                condition=models.Q(("kept_at__isnull", False)), fields=["kept_at"], name="run_kept"
            ),
        ),
        AddIndex(
            model_name="runrecord",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", False)),
                fields=["removed_at"],
                name="record_by_removal",
            ),
        ),
    ]
