"""One step of one run, its edges, and its state machine."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django_fsm import FSMField, transition

from workflows.models.actor import NOBODY, Actor
from workflows.models.bounds import MessageField
from workflows.models.choices import Literal, rare
from workflows.models.event import EventType
from workflows.models.fields import JSONObjectField
from workflows.models.template import TIMEOUT_VALIDATORS

if TYPE_CHECKING:
    from workflows.models.attempt import TaskAttempt


class TaskState(models.TextChoices):
    """The states of a task."""

    PENDING = "pending"
    """Not dispatched. Ready once all of its upstream tasks are success."""
    DISPATCHED = "dispatched"
    """Handed to its runner, which has not reported a start yet."""
    RUNNING = "running"
    """Its runner is executing it."""
    SUCCESS = "success"
    """Done: reported by its runner, or set by hand."""
    FAILED = "failed"
    """Ended in failure. An operator may retry it or mark it success."""
    CANCELED = "canceled"
    """Ended at an operator's request. It may be retried or marked success."""


ACTIVE = (TaskState.DISPATCHED, TaskState.RUNNING)
BROKEN = (TaskState.FAILED, TaskState.CANCELED)
ENDED = (TaskState.SUCCESS, *BROKEN)
FREQUENT = {"state": (TaskState.SUCCESS,)}
"""Sooner or later, nearly every task is success."""


# A task that is dispatched as soon as its run and its runner allow it.
FREE = models.Q(state=Literal(TaskState.PENDING.value), unmet_count=Literal(0))


class TaskQuerySet(models.QuerySet["Task"]):
    """Queries for sets of tasks."""

    def ready(self) -> "TaskQuerySet":
        """Return the tasks that can be dispatched if their run can, in the template's order."""
        return self.filter(FREE).order_by("position")

    def startable(self) -> "TaskQuerySet":
        """Return the ready tasks, and those that a release, an approval or a time makes ready."""
        held, asked = (
            models.Case(models.When(**{name: True}, then=1), default=0)
            for name in ("is_held", "awaits_approval")
        )
        return self.filter(state=TaskState.PENDING, unmet_count=held + asked)

    def root_causes(self) -> "TaskQuerySet":
        """Return the failed and canceled tasks that a pending task depends on directly."""
        pending_downstream = TaskDependency.objects.filter(
            depends_on=models.OuterRef("pk"), task__state=TaskState.PENDING
        )
        return self.filter(models.Exists(pending_downstream), state__in=BROKEN).order_by("position")


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
        db_index=False,
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
    note = MessageField(
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

    passed_gates: "list[Task] | None" = None
    """The gates that a mark success of it would pass, once they were read (operations/paths.py)."""

    objects = TaskQuerySet.as_manager()
    FREQUENT = FREQUENT

    class Meta:
        ordering = ["run", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="task_unique_position"),
            models.UniqueConstraint(fields=["run", "step_id"], name="task_unique_step_id"),
            models.CheckConstraint(
                condition=models.Q(state__in=TaskState.values), name="task_known_state"
            ),
        ]
        # The first two answer "what is the first ready task" and "what is the first task that waits
        # for an executor" without a look at any other task; the others answer the filters of lists
        # in the order of the lists. Most tasks are in the last three alone.
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
            models.Index(
                fields=["state", "id"],
                name="task_by_state",
                condition=rare("state", FREQUENT["state"]),
            ),
            *(
                models.Index(fields=["id"], name=name, condition=models.Q(**{column: True}))
                for name, column in (
                    ("task_awaiting", "awaits_approval"),
                    ("task_on_hold", "is_held"),
                    ("task_by_hand", "is_marked_success"),
                )
            ),
            # Also "has it any task" when a runner is to be deleted.
            models.Index(fields=["runner", "id"], name="task_of_runner"),
            models.Index(fields=["step_id", "id"], name="task_by_step"),
            models.Index(
                fields=["finished_at"],
                name="task_by_end",
                condition=models.Q(finished_at__isnull=False),
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
        """The latest attempt; no query if the attempts are prefetched."""
        return max(self.attempts.all(), key=lambda attempt: attempt.number, default=None)

    def reason(self, message: str) -> str:
        """Return why it is as it is: why its attempt failed, else what an operator said of it."""
        both = (message, self.note) if self.state == TaskState.FAILED else (self.note, message)
        return both[0] or both[1]

    @transition(
        "state",
        TaskState.PENDING,
        TaskState.DISPATCHED,
        custom={"event": EventType.TASK_DISPATCHED},
    )
    def dispatch(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Hand the task to its runner."""

    @transition(
        "state",
        TaskState.DISPATCHED,
        TaskState.PENDING,
        custom={"event": EventType.TASK_SUBMIT_FAILED},
    )
    def take_back(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Make the task pending again: its runner certainly did not take it."""

    @transition(
        "state", TaskState.DISPATCHED, TaskState.RUNNING, custom={"event": EventType.TASK_RUNNING}
    )
    def start(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Record that the runner has started the task."""

    @transition("state", ACTIVE, TaskState.SUCCESS, custom={"event": EventType.TASK_SUCCEEDED})
    def succeed(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End in success; also if the report of the start was lost."""

    @transition("state", ACTIVE, TaskState.FAILED, custom={"event": EventType.TASK_FAILED})
    def fail(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End in failure."""

    @transition(
        "state",
        (TaskState.PENDING, *ACTIVE),
        TaskState.CANCELED,
        custom={"event": EventType.TASK_CANCELED},
    )
    def cancel(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """End at an operator's request."""

    @transition("state", BROKEN, TaskState.PENDING, custom={"event": EventType.TASK_RETRIED})
    def retry(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Make the task pending again at an operator's request."""

    @transition("state", ENDED, TaskState.PENDING, custom={"event": EventType.TASK_RETRIED})
    def reset(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Make the task pending again, even after success, together with what is downstream."""

    @transition("state", BROKEN, TaskState.SUCCESS, custom={"event": EventType.TASK_MARKED_SUCCESS})
    def mark_success(self, *, by: Actor = NOBODY, reason: str = "") -> None:
        """Count the task as success at an operator's request; that stays visible permanently."""


class TaskDependency(models.Model):
    """An edge of a run: `task` waits until `depends_on` is success."""

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
"""The columns that are cleared when a task starts anew; its attempts and events keep the values."""
