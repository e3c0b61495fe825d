"""Since when a runner has taken nothing, and until when it is not called again by itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runners", "0003_options_and_credentials")]
    operations = [
        migrations.AddField(
            model_name="runner",
            name="unavailable_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="runner",
            name="rests_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
