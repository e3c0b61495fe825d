"""Who acted, as a user; events of every type; when output was printed; who serves."""

import django.db.models.functions.datetime
from django.db import migrations, models

TEXT = {"blank": True, "db_default": "", "default": ""}


class Migration(migrations.Migration):
    dependencies = [("workflows", "0008_plain_help_texts")]
    # The tables of the hot path in the order in which a dispatch or report takes them, the run
    # first: no process can hold one of them and wait for another that is locked here.
    operations = [
        migrations.AddField(
            model_name="workflowrun",
            name="created_by_name",
            field=models.CharField(editable=False, max_length=254, **TEXT),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="created_by_user",
            field=models.CharField(editable=False, max_length=254, **TEXT),
        ),
        migrations.AddField(
            model_name="workflowrun",
            name="created_by_via",
            field=models.CharField(editable=False, max_length=20, **TEXT),
        ),
        migrations.AddField(
            model_name="approval",
            name="decided_by_user",
            field=models.CharField(max_length=254, **TEXT),
        ),
        migrations.AlterField(
            model_name="approval",
            name="decided_by",
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name="event",
            name="actor_user",
            field=models.CharField(max_length=254, **TEXT),
        ),
        migrations.AddField(
            model_name="event",
            name="actor_via",
            field=models.CharField(max_length=20, **TEXT),
        ),
        migrations.AddField(
            model_name="event",
            name="digest",
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.AlterField(
            model_name="event",
            name="actor",
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.AlterField(
            model_name="event",
            name="event_type",
            field=models.CharField(max_length=100),
        ),
        # First without a default: the pieces that are there were not printed now.
        migrations.AddField(
            model_name="logpiece",
            name="at",
            field=models.DateTimeField(
                help_text="When it was printed; empty if that is not known.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="logpiece",
            name="at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                help_text="When it was printed; empty if that is not known.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="templateversion",
            name="saved_by_user",
            field=models.CharField(max_length=254, **TEXT),
        ),
        migrations.AlterField(
            model_name="templateversion",
            name="saved_by",
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.CreateModel(
            name="LastLook",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                (
                    "at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={"ordering": ["name"]},
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(help_text="local runner, worker, …", max_length=40),
                ),
                ("host", models.CharField(max_length=255)),
                ("pid", models.PositiveBigIntegerField()),
                ("version", models.CharField(blank=True, max_length=40)),
                (
                    "serves",
                    models.JSONField(
                        default=list, help_text="What it serves, as texts: kinds of runners."
                    ),
                ),
                (
                    "seen_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "ordering": ["kind", "host", "pid"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "host", "pid"), name="presence_of_process"
                    )
                ],
            },
        ),
    ]
