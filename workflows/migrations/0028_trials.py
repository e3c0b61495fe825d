"""Runs may be trials of a draft."""

from django.db import migrations

import runners.fields


class Migration(migrations.Migration):
    dependencies = [("workflows", "0027_operations_page")]
    operations = [
        migrations.AddField(
            model_name="workflowrun",
            name="trial",
            field=runners.fields.ReadableJSONField(
                editable=False,
                help_text="Which draft it tries; null for a run of a saved template.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="runrecord",
            name="trial",
            field=runners.fields.ReadableJSONField(
                help_text="Which draft it tried, if it was a trial.", null=True
            ),
        ),
    ]
