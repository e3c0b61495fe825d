"""Which run a run repeats, and what has started it if no person did."""

from django.db import migrations, models

import runners.fields


class Migration(migrations.Migration):
    dependencies = [("workflows", "0017_claimed_by")]
    operations = [
        migrations.AlterModelOptions(
            name="workflowrun",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("operate_workflowrun", "Can dispatch and steer runs and their tasks"),
                    ("reuse_secrets", "Can run again with secrets that another person has given"),
                ],
            },
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="again_of",
            field=models.PositiveBigIntegerField(
                editable=False,
                help_text="The run whose parameters it was started with again.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="trigger",
            field=runners.fields.ReadableJSONField(
                editable=False, help_text="What started it, if no person did.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="workflowrun",
            name="auto_dispatch",
            field=models.BooleanField(
                default=False,
                help_text=(
                    "Dispatch whatever becomes ready, from the creation of the run to its end."
                ),
            ),
        ),
    ]
