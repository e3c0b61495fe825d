"""How long runs are kept, and what stays of those that are removed."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0020_runs_reopened"),
    ]

    operations = [
        migrations.CreateModel(
            name="TemplatePolicy",
            fields=[
                (
                    "template",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="policy",
                        serialize=False,
                        to="workflows.workflowtemplate",
                    ),
                ),
                (
                    "keep_runs_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="How many days its ended runs are kept; empty: as KEEP_RUNS_DAYS says; 0: forever.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(36500)],
                    ),
                ),
                (
                    "keep_logs_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="How many days their logs are kept; empty: as KEEP_LOGS_DAYS says; 0: with the run.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(36500)],
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "template policies",
                "ordering": ["template"],
            },
        ),
        migrations.AlterModelOptions(
            name="runrecord",
            options={"ordering": ["run_id"], "verbose_name": "removed run"},
        ),
        migrations.AddField(
            model_name="runrecord",
            name="created_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="created_by_user",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="created_by_via",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="again_of",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="duration_ms",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="initiated_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=150),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="line_digest",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of this line, and of the digest of the line before.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="line_number",
            field=models.PositiveBigIntegerField(
                help_text="Counts the runs that were removed, from 1.", null=True, unique=True
            ),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="parameters",
            field=models.JSONField(
                db_default={}, default=dict, help_text="Without those that are secret."
            ),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="removed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="removed_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="removed_reason",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="The policy or request that it fell to.",
            ),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="removed_via",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="started_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="template_id",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="template_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="template_version",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="trigger",
            field=models.JSONField(help_text="What started it, if no person did.", null=True),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="kept_at",
            field=models.DateTimeField(
                editable=False, help_text="Since then, retention leaves it alone.", null=True
            ),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="kept_by",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=254
            ),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="kept_reason",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="logs_removed_at",
            field=models.DateTimeField(
                editable=False, help_text="When the logs of its attempts were removed.", null=True
            ),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="removed_at",
            field=models.DateTimeField(
                editable=False, help_text="Since then, its rows are being removed.", null=True
            ),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="secrets_removed_at",
            field=models.DateTimeField(
                editable=False, help_text="When the values of its secrets were removed.", null=True
            ),
        ),
    ]
