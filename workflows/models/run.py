"""One execution of a workflow, and its state machine."""

from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django_fsm import FSMField, transition

from workflows.models.actor import NOBODY, Actor
from workflows.models.event import EventType
from workflows.models.fields import JSONObjectField
from workflows.models.task import Task, TaskState
from workflows.models.template import WorkflowTemplate


class RunState(models.TextChoices):
    """Where a run is."""

    CREATED = "created"
    """Expanded; nothing has been dispatched yet."""
    RUNNING = "running"
    """Ready tasks may be dispatched."""
    PAUSED = "paused"
    """An operator stopped the dispatching; what is active goes on."""
    SUCCESS = "success"
    """Every task is success."""
    FAILED = "failed"
    """A task failed or was canceled, and nothing is active or ready any more."""
    ABORTED = "aborted"
    """An operator ended it. Final."""


DISPATCHABLE = (RunState.CREATED, RunState.RUNNING)
CLOSED = (RunState.PAUSED, RunState.ABORTED)
"""Refuse to be dispatched; a run that ended by itself answers that nothing is ready."""
UNFINISHED = (RunState.CREATED, RunState.RUNNING, RunState.PAUSED)


class WorkflowRunQuerySet(models.QuerySet["WorkflowRun"]):
    """Questions about many runs."""

    def dispatchable(self) -> "WorkflowRunQuerySet":
        """Return the runs that may hand out tasks."""
        return self.filter(state__in=DISPATCHABLE)

    def movable(self) -> "WorkflowRunQuerySet":
        """Return the runs that have a ready task."""
        ready = Task.objects.ready().filter(run=models.OuterRef("pk"))
        return self.dispatchable().filter(models.Exists(ready))


class WorkflowRun(models.Model):
    """One execution of a workflow: its tasks and edges are its own."""

    template = models.ForeignKey(
        WorkflowTemplate, models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    template_name = models.CharField(max_length=200, blank=True, editable=False)
    template_version = models.PositiveIntegerField(null=True, editable=False)
    expands_template = models.BooleanField(
        default=True,
        editable=False,
        help_text="Off for a run made of existing tasks: its template is only a label.",
    )
    state = FSMField(default=RunState.CREATED, choices=RunState.choices, editable=False)
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    initiated_by = models.CharField(
        max_length=150, blank=True, help_text="What whoever created it says of themselves."
    )
    approver_must_differ = models.BooleanField(default=False, editable=False)
    parameters = JSONObjectField(
        default=dict, blank=True, help_text="Used in payloads as {{ params.name }}."
    )
    secrets = models.JSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="The values of secret parameters; shown nowhere, and known to runners only.",
    )
    auto_dispatch = models.BooleanField(
        default=False,
        help_text="When a task ends, dispatch what became ready. The first dispatch is yours.",
    )
    last_dispatch = models.JSONField(
        null=True, editable=False, help_text="The answer to the latest dispatch-ready."
    )
    # How many of its tasks are in each state, kept under the run's lock by whoever moves tasks,
    # so that neither a report nor a list ever counts them.
    pending_count = models.PositiveIntegerField(default=0, editable=False)
    dispatched_count = models.PositiveIntegerField(default=0, editable=False)
    running_count = models.PositiveIntegerField(default=0, editable=False)
    success_count = models.PositiveIntegerField(default=0, editable=False)
    failed_count = models.PositiveIntegerField(default=0, editable=False)
    canceled_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = WorkflowRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("operate_workflowrun", "Can dispatch and steer runs and their tasks"),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="run_by_state"),
            models.Index(fields=["state", "finished_at"], name="run_by_end"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=RunState.values), name="run_known_state"
            )
        ]

    def __str__(self) -> str:
        return f"workflow run {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the run; a new one together with its tasks, or not at all."""
        # post_save expands the template, and fires outside any transaction of the save itself.
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)

    @property
    def task_counts(self) -> dict[str, int]:
        """How many tasks are in each state."""
        return {state: getattr(self, f"{state}_count") for state in TaskState.values}

    def count_moved(self, source: str, target: str, tasks: int) -> None:
        """Take over a move of so many tasks into the counts."""
        for state, change in ((source, -tasks), (target, tasks)):
            setattr(self, f"{state}_count", getattr(self, f"{state}_count") + change)

    @property
    def active_count(self) -> int:
        """How many tasks are with a runner."""
        return self.dispatched_count + self.running_count

    @property
    def broken_count(self) -> int:
        """How many tasks ended without success."""
        return self.failed_count + self.canceled_count

    @transition(
        "state", RunState.CREATED, RunState.RUNNING, custom={"event": EventType.RUN_RUNNING}
    )
    def start(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Begin, with the first dispatch or an operator's first word."""
        self.started_at = timezone.now()

    @transition("state", RunState.RUNNING, RunState.PAUSED, custom={"event": EventType.RUN_PAUSED})
    def pause(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Hand out no more tasks until resumed."""

    @transition("state", RunState.PAUSED, RunState.RUNNING, custom={"event": EventType.RUN_RESUMED})
    def resume(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Hand out tasks again."""

    @transition("state", UNFINISHED, RunState.ABORTED, custom={"event": EventType.RUN_ABORTED})
    def abort(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End for good."""
        self.finished_at = timezone.now()

    @transition(
        "state", RunState.RUNNING, RunState.SUCCESS, custom={"event": EventType.RUN_SUCCEEDED}
    )
    def succeed(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End well."""
        self.finished_at = timezone.now()

    @transition("state", RunState.RUNNING, RunState.FAILED, custom={"event": EventType.RUN_FAILED})
    def fail(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End as far as the run can go by itself."""
        self.finished_at = timezone.now()

    @transition(
        "state",
        (RunState.FAILED, RunState.SUCCESS),
        RunState.RUNNING,
        custom={"event": EventType.RUN_RUNNING},
    )
    def reopen(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Go on after an operator's retry or mark success; after success, by a reset only."""
        self.finished_at = None
