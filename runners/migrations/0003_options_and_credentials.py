"""What each kind declares for itself, credentials encrypted; and whether a host has called back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runners", "0002_runner_secret_names")]
    operations = [
        migrations.AddField(
            model_name="runner",
            name="options",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                editable=False,
                help_text="What else its kind needs, by name.",
            ),
        ),
        migrations.AddField(
            model_name="runner",
            name="credentials",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                editable=False,
                help_text="Secrets that its kind needs, by name, each encrypted.",
            ),
        ),
        migrations.AddField(
            model_name="runner",
            name="first_submitted_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="runner",
            name="called_back_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
