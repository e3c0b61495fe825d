"""Bodies and responses of `/tasks`."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from runners.base import LONGEST_TIMEOUT_S
from workflows.api.serializers.base import (
    Moment,
    ObjectField,
    ReasonBody,
    RowAnswer,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from workflows.authoring.schema import PAYLOAD_SCHEMA
from workflows.models import Task, TaskAttempt, TaskState
from workflows.models.attempt import Outcome

ATTEMPT_STATES = [
    *((state.value, state.label) for state in (TaskState.DISPATCHED, TaskState.RUNNING)),
    *Outcome.choices,
]


@extend_schema_field(PAYLOAD_SCHEMA)
class PayloadField(ObjectField):
    """The payload of a task; it is validated when the task is created."""


class TaskBody(StrictSerializer):
    """A new task that is not in a run yet."""

    title = StrictCharField(max_length=300)
    runner = StrictCharField(required=False, allow_null=True)
    payload = PayloadField(required=False)
    timeout_seconds = StrictIntegerField(
        required=False, allow_null=True, min_value=1, max_value=LONGEST_TIMEOUT_S
    )
    requires_approval = StrictBooleanField(required=False)


class HoldBody(ReasonBody):
    """Why a task is put on hold, and until when."""

    resume_at = Moment(required=False, allow_null=True)


class ResetBody(ReasonBody):
    """Why a task and its downstream tasks are reset; a dry run only lists them."""

    dry_run = StrictBooleanField(required=False)


class ResetTask(serializers.Serializer[Any]):
    """A task that is reset to pending, with the state that it had before."""

    task_id = serializers.IntegerField()
    step_id = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    status = serializers.ChoiceField(
        TaskState.choices, help_text="The state that it has, or had before."
    )


class ResetAnswer(serializers.Serializer[Any]):
    """The tasks that were reset to pending, or would be, and those that ask for approval again."""

    task_id = serializers.IntegerField()
    dry_run = serializers.BooleanField(help_text="True: nothing was changed.")
    resets = ResetTask(many=True, help_text="The tasks that become pending again.")
    asks_again = serializers.ListField(
        child=serializers.IntegerField(), help_text="Those that ask for approval again."
    )


class AttemptAnswer(RowAnswer[TaskAttempt]):
    """One dispatch of a task."""

    status = serializers.ChoiceField(ATTEMPT_STATES)
    runner = serializers.CharField(source="runner_name", help_text="The runner that it went to.")
    runner_payload = ObjectField(
        source="payload", help_text="The payload, with all expressions filled in."
    )
    result = serializers.JSONField()

    class Meta:
        model = TaskAttempt
        fields = [
            "id",
            "number",
            "status",
            "runner",
            "runner_kind",
            "runner_payload",
            "timeout_seconds",
            "exit_code",
            "result",
            "message",
            "may_still_run",
            "details",
            "dispatched_at",
            "submitted_at",
            "started_at",
            "finished_at",
        ]


class TaskAnswer(RowAnswer[Task]):
    """A task, with the outcome of its last attempt unless it is pending again."""

    run_id = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(TaskState.choices, source="state")
    depends_on = serializers.SerializerMethodField()
    runner = serializers.CharField(source="runner.name", default=None, allow_null=True)
    attempts = AttemptAnswer(many=True)
    exit_code = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = [
            "id",
            "run_id",
            "step_id",
            "title",
            "status",
            "depends_on",
            "runner",
            "payload",
            "timeout_seconds",
            "requires_approval",
            "awaits_approval",
            "is_held",
            "resume_at",
            "attempt_count",
            "attempts",
            "exit_code",
            "result",
            "message",
            "is_marked_success",
            "cancel_requested_at",
            "created_at",
            "dispatched_at",
            "started_at",
            "finished_at",
        ]

    def get_depends_on(self, task: Task) -> list[int]:
        """Return the ids of the tasks that it depends on."""
        return [edge.depends_on_id for edge in task.dependencies.all()]

    def get_exit_code(self, task: Task) -> int | None:
        """Return the exit code of the last attempt."""
        attempt = _last_attempt(task)
        return attempt.exit_code if attempt else None

    @extend_schema_field({})
    def get_result(self, task: Task) -> Any:
        """Return the result of the last attempt."""
        attempt = _last_attempt(task)
        return attempt.result if attempt else None

    def get_message(self, task: Task) -> str:
        """Return why it failed, as its runner says, or else the operator's last note about it."""
        attempt = _last_attempt(task)
        return task.reason(attempt.message if attempt else "")


def _last_attempt(task: Task) -> TaskAttempt | None:
    return None if task.state == TaskState.PENDING else task.last_attempt
