"""How long somebody may be silent about an attempt before it is asked after, or counts as lost."""

from datetime import timedelta

from django.utils import timezone

from workflows.models import TaskAttempt

LEASE = timedelta(seconds=60)
"""How long an executor holds an attempt without renewing its claim."""

SUBMITTED_WITHIN = timedelta(seconds=30)
"""A dispatch that has not been submitted by then never will be: its process is gone."""

ON_ITS_WAY = timedelta(seconds=30)
"""How long the rest of a batch waits for its turn before that is said again."""

ASK_AFTER = timedelta(seconds=60)
"""How long a runner that reports by itself may be silent before it is asked."""

CLAIMED_WITHIN = timedelta(minutes=1)
"""How long an attempt may wait in a queue before it is put there again; it starts once anyway."""

ASK_AGAIN_AFTER = timedelta(seconds=15)
"""How long to wait before a question is repeated, or a cancel."""


def extend_lease(attempt: TaskAttempt, silence: timedelta) -> None:
    """Believe for a while that the runner is at it."""
    open_one = TaskAttempt.objects.open().filter(pk=attempt.pk)
    open_one.update(lease_expires_at=timezone.now() + silence)
