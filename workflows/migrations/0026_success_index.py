"""Whether a later run with the same parameters has succeeded is answered by an index."""

from django.db import migrations

from workflows.migrations._concurrently import AddPostgresIndex

# As `workflows/db/hashed.py` writes it, or this index is not used.
HASH = "jsonb_hash_extended(parameters, 0)"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("workflows", "0025_list_indexes")]
    operations = [
        AddPostgresIndex(
            "run_success_of_parameters",
            "workflows_workflowrun",
            f"(template_id, {HASH}, id) WHERE state = 'success'",
        ),
        # No statistics of the hash: where most runs have equal parameters, the planner would read
        # all runs instead, for each failed one.
    ]
