"""One execution of a workflow, and its state machine."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django_fsm import FSMField, transition

from runners import transaction
from runners.fields import ReadableJSONField
from workflows.models.actor import LONGEST_NAME, LONGEST_WAY, NOBODY, Actor
from workflows.models.event import EventType
from workflows.models.fields import JSONObjectField
from workflows.models.retained import Retained
from workflows.models.run_indexes import RUN_INDEXES
from workflows.models.task import ACTIVE, BROKEN, Task, TaskState
from workflows.models.template import ApprovalLasts, WorkflowTemplate
from workflows.models.trial import Tried


class RunState(models.TextChoices):
    """The states of a run."""

    CREATED = "created"
    """Expanded; nothing has been dispatched yet."""
    RUNNING = "running"
    """Ready tasks may be dispatched."""
    PAUSED = "paused"
    """An operator paused it: nothing is dispatched, active tasks continue."""
    SUCCESS = "success"
    """Every task is success."""
    FAILED = "failed"
    """A task failed or was canceled, and no other can start, not even after a decision."""
    ABORTED = "aborted"
    """An operator ended it. Final."""


LONGEST_LABEL = 150
"""Characters of the columns that say in a list who created or initiated a run."""

DISPATCHABLE = (RunState.CREATED, RunState.RUNNING)
CLOSED = (RunState.PAUSED, RunState.ABORTED)
"""A dispatch is refused; of a run that ended by itself it answers that nothing is ready."""
UNFINISHED = (RunState.CREATED, RunState.RUNNING, RunState.PAUSED)


class WorkflowRunQuerySet(models.QuerySet["WorkflowRun"]):
    """Queries for sets of runs."""

    def dispatchable(self) -> "WorkflowRunQuerySet":
        """Return the runs whose tasks may be dispatched."""
        return self.filter(state__in=DISPATCHABLE)

    def movable(self) -> "WorkflowRunQuerySet":
        """Return the dispatchable runs that have a ready task."""
        ready = Task.objects.ready().filter(run=models.OuterRef("pk"))
        return self.dispatchable().filter(models.Exists(ready))


_Runs = models.Manager.from_queryset(WorkflowRunQuerySet)


class WorkflowRunManager(_Runs["WorkflowRun"]):
    """Knows the runs that there are: one whose rows are being removed is gone already."""

    def get_queryset(self) -> models.QuerySet["WorkflowRun"]:
        """Leave out what is being removed."""
        return super().get_queryset().filter(removed_at=None)


class WorkflowRun(Retained, Tried):
    """One execution of a workflow, with tasks and edges of its own."""

    template = models.ForeignKey(
        WorkflowTemplate,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="runs",
        db_index=False,
    )
    template_name = models.CharField(max_length=200, blank=True, editable=False)
    template_version = models.PositiveIntegerField(null=True, editable=False)
    expands_template = models.BooleanField(
        default=True,
        editable=False,
        help_text="Off for a run made of existing tasks: its template is only a label.",
    )
    state = FSMField(default=RunState.CREATED, choices=RunState.choices, editable=False)
    # A long name has a column of its own: prepared statements of the release before, which return
    # a run, would fail if the column that they know became wider.
    created_by = models.CharField(max_length=LONGEST_LABEL, blank=True, editable=False)
    created_by_name = models.CharField(
        max_length=LONGEST_NAME, blank=True, editable=False, default="", db_default=""
    )
    created_by_user = models.CharField(
        max_length=LONGEST_NAME, blank=True, editable=False, default="", db_default=""
    )
    created_by_via = models.CharField(
        max_length=LONGEST_WAY, blank=True, editable=False, default="", db_default=""
    )
    initiated_by = models.CharField(
        max_length=LONGEST_LABEL,
        blank=True,
        help_text="Who or what started the run, as its creator says.",
    )
    approver_must_differ = models.BooleanField(default=False, editable=False)
    approval_lasts = models.CharField(
        max_length=10,
        choices=ApprovalLasts.choices,
        default=ApprovalLasts.RESET,
        db_default=ApprovalLasts.RESET,
        editable=False,
    )
    parameters = JSONObjectField(
        default=dict, blank=True, help_text="Used in payloads as {{ params.name }}."
    )
    secrets = ReadableJSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="The values of secret parameters; shown nowhere, and known to runners only.",
    )
    # A column of its own: processes of the release before go on writing plain text into the other.
    encrypted_secrets = ReadableJSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="The secret parameters by name, encrypted with the first of SECRETS_KEYS.",
    )
    auto_dispatch = models.BooleanField(
        default=False,
        help_text="Dispatch whatever becomes ready, from the creation of the run to its end.",
    )
    # A number, no reference: it stays when that run is deleted, and no index is to be kept for it.
    again_of = models.PositiveBigIntegerField(
        null=True, editable=False, help_text="The run whose parameters it was started with again."
    )
    trigger = ReadableJSONField(
        null=True, editable=False, help_text="What started it, if no person did."
    )
    last_dispatch = ReadableJSONField(
        null=True, editable=False, help_text="The answer to the latest dispatch-ready."
    )
    # Updated by every transition of tasks, under the run's lock: nothing ever counts tasks.
    pending_count = models.PositiveIntegerField(default=0, editable=False)
    dispatched_count = models.PositiveIntegerField(default=0, editable=False)
    running_count = models.PositiveIntegerField(default=0, editable=False)
    success_count = models.PositiveIntegerField(default=0, editable=False)
    failed_count = models.PositiveIntegerField(default=0, editable=False)
    canceled_count = models.PositiveIntegerField(default=0, editable=False)
    set_aside = models.TextField(
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="What failed about this run alone, a line for each; empty once it goes on.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    reopened_at = models.DateTimeField(
        null=True, editable=False, help_text="When it went on after its latest end."
    )
    # The digest of the latest event of the chain, and how many events are chained.
    trail_head = models.CharField(
        max_length=64, blank=True, editable=False, default="", db_default=""
    )
    trail_length = models.PositiveBigIntegerField(editable=False, default=0, db_default=0)
    # Equal to `updated_at`, unless a process of a release without a chain has stored the run since.
    trail_saved_at = models.DateTimeField(null=True, editable=False)

    tasks_to_take: Sequence[Task] = ()
    """The existing tasks that a new run is made of."""
    copied_from: "WorkflowRun | None" = None
    """The run whose tasks a new run copies, instead of the steps of their template."""
    given_labels: Mapping[str, str] = {}
    """The labels that a new run is given besides those of its template."""
    left_out: Sequence[str] = ()
    """Parameters of the run that a new run repeats, which it could not take over."""
    has_just_ended = False
    """True between the end of the run and its storing, which seals its record."""

    objects = WorkflowRunManager()
    objects_with_removed = WorkflowRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("operate_workflowrun", "Can dispatch and steer runs and their tasks"),
            ("reuse_secrets", "Can run again with secrets that another person has given"),
        ]
        indexes = RUN_INDEXES
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=RunState.values), name="run_known_state"
            )
        ]

    def __str__(self) -> str:
        return f"workflow run {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the run; a new one together with its tasks, or not at all."""
        # post_save expands the template, and fires outside any transaction of the save itself.
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)

    @property
    def creator(self) -> Actor:
        """Who created the run."""
        name = self.created_by_name or self.created_by
        return Actor(self.created_by_user, name, self.created_by_via)

    @property
    def duration_ms(self) -> int | None:
        """How long it took from its latest start to its end; None until it has ended."""
        start, end = self.reopened_at or self.started_at, self.finished_at
        return round((end - start) / timedelta(milliseconds=1)) if start and end else None

    @property
    def secret_names(self) -> list[str]:
        """The names of its secret parameters, which may be shown."""
        return sorted({*self.secrets, *self.encrypted_secrets})

    @property
    def task_counts(self) -> dict[str, int]:
        """How many tasks are in each state."""
        return {state: getattr(self, f"{state}_count") for state in TaskState.values}

    def count_moved(self, source: str, target: str, tasks: int) -> None:
        """Update the counts after a transition of so many tasks."""
        for name, change in ((f"{source}_count", -tasks), (f"{target}_count", tasks)):
            setattr(self, name, getattr(self, name) + change)

    @property
    def is_set_aside(self) -> bool:
        """True if something about it keeps failing that is not the trouble of one task."""
        return bool(self.set_aside) and self.state in UNFINISHED

    @property
    def has_trail_gap(self) -> bool:
        """True if a process of an earlier release, which chains nothing, has stored the run."""
        return self.trail_saved_at != self.updated_at

    @property
    def active_count(self) -> int:
        """How many tasks are with a runner."""
        return sum(getattr(self, f"{state}_count") for state in ACTIVE)

    @property
    def broken_count(self) -> int:
        """How many tasks ended without success."""
        return sum(getattr(self, f"{state}_count") for state in BROKEN)

    @transition(
        "state", RunState.CREATED, RunState.RUNNING, custom={"event": EventType.RUN_RUNNING}
    )
    def start(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Begin, with the first dispatch or an operator's first action."""
        self.started_at = timezone.now()

    @transition("state", RunState.RUNNING, RunState.PAUSED, custom={"event": EventType.RUN_PAUSED})
    def pause(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Dispatch no more tasks until the run is resumed."""

    @transition("state", RunState.PAUSED, RunState.RUNNING, custom={"event": EventType.RUN_RESUMED})
    def resume(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Dispatch tasks again."""

    @transition("state", UNFINISHED, RunState.ABORTED, custom={"event": EventType.RUN_ABORTED})
    def abort(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End permanently."""
        self.finished_at = timezone.now()

    @transition(
        "state", RunState.RUNNING, RunState.SUCCESS, custom={"event": EventType.RUN_SUCCEEDED}
    )
    def succeed(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End in success."""
        self.finished_at = timezone.now()

    @transition("state", RunState.RUNNING, RunState.FAILED, custom={"event": EventType.RUN_FAILED})
    def fail(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End in failure: the run can go no further by itself."""
        self.finished_at = timezone.now()

    @transition(
        "state",
        (RunState.FAILED, RunState.SUCCESS),
        RunState.RUNNING,
        custom={"event": EventType.RUN_RUNNING},
    )
    def reopen(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Continue after a retry or a mark of success; a successful run only after a reset."""
        self.finished_at, self.reopened_at = None, timezone.now()
        self.logs_removed_at = None  # what it prints from now on is kept as long as other logs
