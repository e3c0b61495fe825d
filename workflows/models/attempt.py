"""One dispatch of a task, and what it printed."""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from runners.base import RunnerBackend
from runners.fields import ReadableJSONField
from runners.kinds import backend_of
from workflows.db.clock import database_now
from workflows.models.bounds import MessageField
from workflows.models.choices import rare
from workflows.models.task import Task, TaskState


class Outcome(models.TextChoices):
    """How an attempt ended; empty while it is open."""

    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"
    REFUSED = "refused"
    """The runner did not take it: nothing was started, and the task is pending again."""


FREQUENT = {"outcome": ("", Outcome.SUCCESS)}
"""The open ones have an index of their own."""


def status_of(outcome: str, started_at: object) -> str:
    """Return the state that an attempt has brought its task to."""
    return outcome or (TaskState.RUNNING if started_at else TaskState.DISPATCHED)


class TaskAttemptQuerySet(models.QuerySet["TaskAttempt"]):
    """Queries for sets of attempts."""

    def open(self) -> "TaskAttemptQuerySet":
        """Return the attempts that have not ended."""
        return self.filter(outcome="")

    def overdue(self) -> "TaskAttemptQuerySet":
        """Return the open attempts whose lease has expired."""
        return self.open().filter(lease_expires_at__lt=database_now())

    def timed_out(self) -> "TaskAttemptQuerySet":
        """Return the open attempts at hosts whose time is over."""
        return self.open().filter(times_out_at__lte=database_now())

    def given_up(self) -> "TaskAttemptQuerySet":
        """Return the last attempts of failed tasks that may still run although they were ended."""
        last = models.Q(task__state=TaskState.FAILED, number=models.F("task__attempt_count"))
        return self.filter(last, may_still_run=True)

    def waiting(self) -> "TaskAttemptQuerySet":
        """Return the attempts that wait to be started, in the order of their dispatch."""
        # No two have the same moment, so the index alone gives the order.
        return self.open().filter(started_at=None).order_by("dispatched_at")


class TaskAttempt(models.Model):
    """One dispatch of a task. A retry creates another attempt; this one stays as it ended."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, models.PROTECT, related_name="attempts", db_index=False)
    number = models.PositiveIntegerField(help_text="1 for the first attempt of its task.")
    runner = models.ForeignKey(
        "runners.Runner", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    runner_name = models.CharField(max_length=100)
    runner_kind = models.CharField(max_length=20)
    payload = ReadableJSONField(help_text="What the runner was given, with every {{ }} filled in.")
    timeout_seconds = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    exit_code = models.IntegerField(null=True)
    result = ReadableJSONField(null=True)
    message = MessageField(blank=True)
    dispatched_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(
        null=True,
        help_text="When the lease expires: until then the attempt counts as alive.",
    )
    times_out_at = models.DateTimeField(
        null=True,
        help_text="When an attempt at a host is ended, whatever the host says; else empty.",
    )
    may_still_run = models.BooleanField(
        default=False,
        db_default=False,
        help_text="It was given up (declared lost, or timed out at its host) and may still run.",
    )
    details = ReadableJSONField(
        default=dict,
        db_default={},
        help_text="What else the host says: the id of its container, what became of its worktree.",
    )
    claimed_by = models.UUIDField(
        null=True, editable=False, help_text="The executor that has claimed it; a new id each time."
    )
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    # Of its log when it ended; empty if that is not known.
    log_digest = models.CharField(
        max_length=64, blank=True, editable=False, default="", db_default=""
    )
    log_length = models.PositiveBigIntegerField(editable=False, default=0, db_default=0)

    objects = TaskAttemptQuerySet.as_manager()
    FREQUENT = FREQUENT

    class Meta:
        ordering = ["task", "number"]
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="attempt_unique_number")
        ]
        # The first two are for queries that executors and every dispatch repeat all the time, the
        # others for lists: the latest attempts, those with an outcome, those of a runner (also "was
        # it ever used" when a runner is to be deleted).
        indexes = [
            models.Index(fields=["outcome", "runner_kind", "dispatched_at"], name="attempt_open"),
            models.Index(fields=["outcome", "lease_expires_at"], name="attempt_overdue"),
            models.Index(fields=["dispatched_at"], name="attempt_by_time"),
            models.Index(
                fields=["outcome", "dispatched_at"],
                name="attempt_broken",
                condition=rare("outcome", FREQUENT["outcome"]),
            ),
            models.Index(fields=["runner", "dispatched_at"], name="attempt_of_runner"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.task}"

    @property
    def status(self) -> str:
        """The state that this attempt has brought its task to."""
        return status_of(self.outcome, self.started_at)

    @property
    def run_id(self) -> int:
        """The id of its task's run: a task is in one before it is dispatched."""
        return self.task.run_id or 0

    @property
    def is_claimed(self) -> bool:
        """True if an executor has claimed it: it has started it, or will without another claim."""
        # Of an attempt that waits in the database, only an executor that claims it sets the lease.
        return bool(self.started_at or (self.backend.pulls and self.lease_expires_at))

    @property
    def backend(self) -> RunnerBackend:
        """The backend that reaches its runner, even if the runner has been deleted since."""
        return backend_of(self.runner_kind)


def by_run(attempts: Iterable[TaskAttempt]) -> dict[int, list[TaskAttempt]]:
    """Return attempts grouped by the ids of their runs."""
    groups: dict[int, list[TaskAttempt]] = defaultdict(list)
    for attempt in attempts:
        groups[attempt.run_id].append(attempt)
    return groups


LARGEST_PIECE = 32_000
"""How many characters a piece of a log has at most."""
TAIL = 64_000
"""How many characters of the end of a log are kept, however long it is."""


class LogPiece(models.Model):
    """A piece of limited length of what an attempt printed."""

    attempt = models.ForeignKey(
        TaskAttempt, models.CASCADE, related_name="log_pieces", db_index=False
    )
    offset = models.PositiveBigIntegerField(help_text="Characters of the log before this piece.")
    text = models.TextField()
    at = models.DateTimeField(
        null=True, db_default=Now(), help_text="When it was printed; empty if that is not known."
    )

    class Meta:
        ordering = ["offset"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "offset"], name="logpiece_unique_offset")
        ]

    def __str__(self) -> str:
        return f"log of {self.attempt} from {self.offset}"
