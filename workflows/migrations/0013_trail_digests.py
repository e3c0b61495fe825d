"""The chain of a run's events, the digests of logs, and a record of each run."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0012_approvals_asked_again")]
    # In the order in which a dispatch or report takes the tables, the run first.
    operations = [
        migrations.AddField(
            model_name="workflowrun",
            name="trail_head",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=64
            ),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="trail_length",
            field=models.PositiveBigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="trail_saved_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="taskattempt",
            name="log_digest",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=64
            ),
        ),
        migrations.AddField(
            model_name="taskattempt",
            name="log_length",
            field=models.PositiveBigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.CreateModel(
            name="RunRecord",
            fields=[
                ("run_id", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        blank=True, help_text="How the run ended last.", max_length=50
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "task_counts",
                    models.JSONField(
                        default=dict, help_text="How many tasks were in which state."
                    ),
                ),
                ("trail_head", models.CharField(blank=True, max_length=64)),
                ("trail_length", models.PositiveBigIntegerField(default=0)),
                (
                    "seals",
                    models.PositiveIntegerField(default=0, help_text="How often the run has ended."),
                ),
            ],
            options={"ordering": ["run_id"]},
        ),
    ]
