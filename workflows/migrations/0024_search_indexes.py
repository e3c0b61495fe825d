"""Runs are found by their templates, notes, parameters and failures by indexes."""

from django.db import migrations, models

from workflows.migrations._concurrently import AddIndex, AddPostgresIndex

# Words of letters and digits: everything else between them is a space. The query in
# `workflows/search/failures.py` has the same expression, or this index is not used.
WORDS = "to_tsvector('simple', regexp_replace(message, '[^[:alnum:]]+', ' ', 'g'))"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workflows", "0023_labels_and_views")]
    operations = [
        AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(event_type="workflow_run.noted"),
                fields=["run"],
                name="event_note",
            ),
        ),
        AddIndex(
            model_name="workflowrun",
            index=models.Index(fields=["template_name", "-id"], name="run_by_name"),
        ),
        # Not of large parameters: each change of the run's state would index them anew, 90 ms for
        # a megabyte.
        AddPostgresIndex(
            "run_parameter",
            "workflows_workflowrun",
            "USING gin (parameters jsonb_path_ops) WHERE octet_length(parameters::text) < 10000",
        ),
        AddPostgresIndex(
            "attempt_failure_words",
            "workflows_taskattempt",
            f"USING gin (({WORDS})) WHERE outcome = 'failed'",
        ),
    ]
