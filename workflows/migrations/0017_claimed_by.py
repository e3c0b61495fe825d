"""By which an executor recognizes what it has claimed without having heard of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0016_runs_set_aside")]
    operations = [
        migrations.AddField(
            model_name="taskattempt",
            name="claimed_by",
            field=models.UUIDField(
                editable=False,
                help_text="The executor that has claimed it; a new id each time.",
                null=True,
            ),
        ),
    ]
