"""
The indexes of runs.

None but the partial ones of retention holds what changes while a run goes on: its counters are
updated without touching any index.
"""

from django.db import models

RETENTION_INDEXES = (
    # What retention looks for: the oldest ended run of a template, with logs, with secrets.
    models.Index(
        fields=["template", "finished_at"],
        name="run_of_template_by_end",
        condition=models.Q(finished_at__isnull=False),
    ),
    models.Index(
        fields=["template", "finished_at"],
        name="run_with_logs_by_end",
        condition=models.Q(finished_at__isnull=False, logs_removed_at=None),
    ),
    models.Index(
        fields=["template", "finished_at"],
        name="run_with_secrets_by_end",
        condition=models.Q(finished_at__isnull=False, secrets_removed_at=None),
    ),
    models.Index(fields=["kept_at"], name="run_kept", condition=models.Q(kept_at__isnull=False)),
    models.Index(
        fields=["removed_at"],
        name="run_being_removed",
        condition=models.Q(removed_at__isnull=False),
    ),
)
RUN_INDEXES = (
    models.Index(fields=["state", "-id"], name="run_by_state"),
    models.Index(fields=["state", "finished_at"], name="run_by_end"),
    *RETENTION_INDEXES,
    # For lists and searches.
    models.Index(fields=["template_name", "-id"], name="run_by_name"),
    models.Index(fields=["template", "-id"], name="run_of_template"),
    models.Index(fields=["initiated_by", "-id"], name="run_by_initiator"),
    models.Index(fields=["auto_dispatch", "-id"], name="run_by_auto_dispatch"),
    models.Index(fields=["created_at"], name="run_by_creation"),
    models.Index(fields=["-id"], name="run_of_draft", condition=models.Q(trial__isnull=False)),
)
