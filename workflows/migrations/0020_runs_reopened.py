from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workflows', '0019_workflow_groups'),
    ]

    operations = [
        migrations.AddField(
            model_name='workflowrun',
            name='reopened_at',
            field=models.DateTimeField(editable=False, help_text='When it went on after its latest end.', null=True),
        ),
    ]
