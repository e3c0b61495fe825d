"""Templates declare the parameters of their runs, some of them secret, and keep their versions."""

import django.db.models.deletion
import django.utils.timezone
import workflows.models.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="workflowrun",
            name="secrets",
            field=models.JSONField(
                db_default={},
                default=dict,
                editable=False,
                help_text="The values of secret parameters; shown nowhere, and known to runners only.",
            ),
        ),
        migrations.AddField(
            model_name="workflowtemplate",
            name="parameters_schema",
            field=workflows.models.fields.JSONObjectField(
                blank=True,
                db_default={},
                default=dict,
                help_text="A JSON Schema of the parameters that a run takes; empty: any.",
            ),
        ),
        migrations.CreateModel(
            name="TemplateVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "content",
                    models.JSONField(help_text="The whole template, as a file would hold it."),
                ),
                ("saved_by", models.CharField(blank=True, max_length=150)),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "template",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="workflows.workflowtemplate",
                    ),
                ),
            ],
            options={
                "ordering": ["template", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("template", "number"), name="templateversion_unique_number"
                    )
                ],
            },
        ),
    ]
