"""One step of one run, its edges, and its state machine."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django_fsm import FSMField, transition

from workflows.models.actor import NOBODY, Actor
from workflows.models.event import EventType
from workflows.models.fields import JSONObjectField
from workflows.models.template import TIMEOUT_VALIDATORS

if TYPE_CHECKING:
    from workflows.models.attempt import TaskAttempt


class TaskState(models.TextChoices):
    """Where a task is."""

    PENDING = "pending"
    """Not handed out. Ready once all of its upstream tasks are success."""
    DISPATCHED = "dispatched"
    """Handed to its runner, which has not reported a start yet."""
    RUNNING = "running"
    """Its runner works on it."""
    SUCCESS = "success"
    """Done: reported by its runner, or set by hand."""
    FAILED = "failed"
    """Ended badly. An operator may retry it or mark it success."""
    CANCELED = "canceled"
    """Ended by an operator's word. It may be retried or marked success."""


ACTIVE = (TaskState.DISPATCHED, TaskState.RUNNING)
BROKEN = (TaskState.FAILED, TaskState.CANCELED)
ENDED = (TaskState.SUCCESS, *BROKEN)


class Written(models.Value):
    """A constant of ours that is written out: no partial index answers to a parameter."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """Return the constant itself."""
        return f"{self.value}" if isinstance(self.value, int) else f"'{self.value}'", []


# A task that nothing keeps from being dispatched but its run and its runner.
FREE = models.Q(state=Written(TaskState.PENDING.value), unmet_count=Written(0))


class TaskQuerySet(models.QuerySet["Task"]):
    """Questions about many tasks."""

    def ready(self) -> "TaskQuerySet":
        """Return the tasks that may go out, their run permitting, in the template's order."""
        return self.filter(FREE).order_by("position")

    def root_causes(self) -> "TaskQuerySet":
        """Return the failed and canceled tasks that keep a pending one from ever being ready."""
        permanently_blocked = TaskDependency.objects.filter(
            depends_on=models.OuterRef("pk"), task__state=TaskState.PENDING
        )
        return self.filter(models.Exists(permanently_blocked), state__in=BROKEN).order_by(
            "position"
        )


class Task(models.Model):
    """One step of one run. A task may also be created alone and put into a run later."""

    run = models.ForeignKey(
        "WorkflowRun", models.PROTECT, null=True, related_name="tasks", db_index=False
    )
    step_id = models.CharField("step id", max_length=200, null=True, editable=False)  # noqa: DJ001
    title = models.CharField(max_length=300)
    position = models.PositiveIntegerField(default=0, editable=False)
    state = FSMField(default=TaskState.PENDING, choices=TaskState.choices, editable=False)
    unmet_count = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="What it waits for: upstream tasks that are not success, an approval, a release.",
    )
    attempt_count = models.PositiveIntegerField(default=0, editable=False)
    runner = models.ForeignKey(
        "runners.Runner",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the default runner.",
    )
    payload = JSONObjectField(default=dict, blank=True)
    timeout_seconds = models.PositiveIntegerField(
        null=True, blank=True, validators=TIMEOUT_VALIDATORS, help_text="1 to 86400; empty: a day."
    )
    requires_approval = models.BooleanField(
        default=False, help_text="Not dispatched until somebody with the permission approves."
    )
    awaits_approval = models.BooleanField(default=False, editable=False)
    is_held = models.BooleanField("on hold", default=False, editable=False)
    resume_at = models.DateTimeField(
        null=True, editable=False, help_text="When the hold is released by itself."
    )
    note = models.TextField(
        blank=True, editable=False, help_text="What an operator last said about this task."
    )
    is_marked_success = models.BooleanField(
        "marked success", default=False, editable=False, help_text="Set to success by hand."
    )
    cancel_requested_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    dispatched_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    upstream: "models.ManyToManyField[Task, TaskDependency]" = models.ManyToManyField(
        "self", symmetrical=False, through="TaskDependency", related_name="downstream"
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["run", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="task_unique_position"),
            models.UniqueConstraint(fields=["run", "step_id"], name="task_unique_step_id"),
            models.CheckConstraint(
                condition=models.Q(state__in=TaskState.values), name="task_known_state"
            ),
        ]
        # Answer "what is the first ready task" and "what is the first that waits for an executor"
        # without looking at any other task.
        indexes = [
            models.Index(
                fields=["run", "position"],
                name="task_first_ready",
                condition=models.Q(state=TaskState.PENDING, unmet_count=0),
            ),
            models.Index(
                fields=["run", "position"],
                name="task_first_dispatched",
                condition=models.Q(state=TaskState.DISPATCHED),
            ),
        ]

    def __str__(self) -> str:
        return self.step_id or f"task {self.pk}"

    @property
    def unmet_dependencies(self) -> int:
        """How many upstream tasks are not success."""
        return self.unmet_count - self.is_held - self.awaits_approval

    @property
    def last_attempt(self) -> "TaskAttempt | None":
        """The latest attempt; costs nothing where the attempts are prefetched."""
        return max(self.attempts.all(), key=lambda attempt: attempt.number, default=None)

    @transition(
        "state",
        TaskState.PENDING,
        TaskState.DISPATCHED,
        custom={"event": EventType.TASK_DISPATCHED},
    )
    def dispatch(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Hand out."""

    @transition(
        "state",
        TaskState.DISPATCHED,
        TaskState.PENDING,
        custom={"event": EventType.TASK_SUBMIT_FAILED},
    )
    def take_back(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Return to the queue: the runner certainly did not take it."""

    @transition(
        "state", TaskState.DISPATCHED, TaskState.RUNNING, custom={"event": EventType.TASK_RUNNING}
    )
    def start(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Take over the runner's word that it works on the task."""

    @transition("state", ACTIVE, TaskState.SUCCESS, custom={"event": EventType.TASK_SUCCEEDED})
    def succeed(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End well. A lost report of the start is no obstacle."""

    @transition("state", ACTIVE, TaskState.FAILED, custom={"event": EventType.TASK_FAILED})
    def fail(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End badly."""

    @transition(
        "state",
        (TaskState.PENDING, *ACTIVE),
        TaskState.CANCELED,
        custom={"event": EventType.TASK_CANCELED},
    )
    def cancel(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End by an operator's word."""

    @transition("state", BROKEN, TaskState.PENDING, custom={"event": EventType.TASK_RETRIED})
    def retry(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Return to the queue by an operator's word."""

    @transition("state", ENDED, TaskState.PENDING, custom={"event": EventType.TASK_RETRIED})
    def reset(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Return to the queue, although it may have ended well, with all that follows it."""

    @transition("state", BROKEN, TaskState.SUCCESS, custom={"event": EventType.TASK_MARKED_SUCCESS})
    def mark_success(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Count as done by an operator's word, and show that for ever."""


class TaskDependency(models.Model):
    """An edge of a run: `task` waits for `depends_on`."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="dependencies", db_index=False)
    depends_on = models.ForeignKey(Task, models.CASCADE, related_name="dependants")

    class Meta:
        verbose_name_plural = "task dependencies"
        constraints = [
            models.UniqueConstraint(fields=["task", "depends_on"], name="taskdependency_unique"),
            models.CheckConstraint(
                condition=~models.Q(task=models.F("depends_on")), name="taskdependency_no_self_edge"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} ← {self.depends_on}"


CLEARED: dict[str, Any] = {
    "note": "",
    "cancel_requested_at": None,
    "started_at": None,
    "finished_at": None,
}
"""What a task forgets when it begins anew; its attempts and the trail remember."""
