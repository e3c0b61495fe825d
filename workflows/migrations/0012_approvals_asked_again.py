"""How long an approval lasts, and why it was requested again."""

from django.db import migrations, models

import workflows.models.bounds

LASTS = {
    "choices": [
        ("reset", "until it is reset, or something that it waits for"),
        ("run", "as long as the run"),
    ],
    "db_default": "reset",
    "default": "reset",
    "max_length": 10,
}


class Migration(migrations.Migration):
    dependencies = [("workflows", "0011_attempts_given_up")]
    # The run first, as in 0009: in the order in which dispatches and reports take the tables.
    operations = [
        migrations.AddField(
            model_name="workflowrun",
            name="approval_lasts",
            field=models.CharField(editable=False, **LASTS),
        ),
        migrations.AddField(
            model_name="approval",
            name="reason",
            field=workflows.models.bounds.MessageField(
                blank=True,
                db_default="",
                default="",
                help_text="Why it was requested again; empty for the first request of a task.",
            ),
        ),
        migrations.AddField(
            model_name="workflowtemplate",
            name="approval_lasts",
            field=models.CharField(help_text="When tasks that were approved ask again.", **LASTS),
        ),
    ]
