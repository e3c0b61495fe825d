"""Limits and deadlines of templates; the priority of runs, and since when they wait."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workflows', '0029_trial_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='NamedLock',
            fields=[
                ('name', models.CharField(max_length=100, primary_key=True, serialize=False)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='templatepolicy',
            name='expected_minutes',
            field=models.PositiveIntegerField(blank=True, help_text='A run that takes longer is late. Empty: none is, by the clock.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(43200)]),
        ),
        migrations.AddField(
            model_name='templatepolicy',
            name='late_at_usual',
            field=models.BooleanField(db_default=False, default=False, help_text='A run that takes longer than twice the usual time is late.'),
        ),
        migrations.AddField(
            model_name='templatepolicy',
            name='locks',
            field=models.JSONField(blank=True, db_default=[], default=list, help_text='Named locks that a run holds from its start to its end, shared with other templates.'),
        ),
        migrations.AddField(
            model_name='templatepolicy',
            name='max_active_runs',
            field=models.PositiveIntegerField(blank=True, help_text='How many of its runs may be active at the same time; the others wait. Empty: any.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)]),
        ),
        migrations.AddField(
            model_name='workflowrun',
            name='priority',
            field=models.IntegerField(db_default=0, default=0, help_text='Among runs that wait for another, the highest is next.', validators=[django.core.validators.MinValueValidator(-1000000), django.core.validators.MaxValueValidator(1000000)]),
        ),
        migrations.AddField(
            model_name='workflowrun',
            name='waits_since',
            field=models.DateTimeField(editable=False, help_text='Since when it waits for the place of another run.', null=True),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="late_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When it was noticed that it takes too long.",
                null=True,
            ),
        ),
    ]
