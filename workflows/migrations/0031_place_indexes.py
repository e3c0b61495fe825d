"""Who holds a place of a template, and who waits for one, is answered by indexes."""

from django.db import migrations, models

from workflows.migrations._concurrently import AddIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workflows", "0030_places")]
    operations = [
        AddIndex(
            model_name='workflowrun',
            index=models.Index(condition=models.Q(('finished_at__isnull', True)), fields=['template', 'id'], name='run_unfinished'),
        ),
        AddIndex(
            model_name='workflowrun',
            index=models.Index(condition=models.Q(('waits_since__isnull', False)), fields=['-id'], name='run_that_waits'),
        ),
    ]
