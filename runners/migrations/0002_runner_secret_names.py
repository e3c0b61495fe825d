"""A runner names the variables of its executor's environment that are secret."""

import runners.models
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runners", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="runner",
            name="secret_names",
            field=models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Names of variables in the environment of its executor, such as DEPLOY_TOKEN: commands get them, and their values are masked in logs, results and messages.",
                validators=[runners.models.check_secret_names],
            ),
        ),
    ]
