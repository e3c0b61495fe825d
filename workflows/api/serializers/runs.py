"""Responses of `/workflow-runs`."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.api.serializers.base import Moment, RowAnswer
from workflows.api.serializers.dispatch import BlockedTaskAnswer, CauseAnswer
from workflows.insight.situation import Situation
from workflows.models import RunState, TaskState, WorkflowRun
from workflows.operations.suggestions import suggested_actions
from workflows.runs.contents import Contents  # noqa: TC001 (read by drf-spectacular)

TARGETS = ["run", "task", "approval", "runner"]


class DeadlockAnswer(serializers.Serializer[Any]):
    """Why pending tasks of a run that stands still can never run."""

    root_causes = CauseAnswer(
        many=True, help_text="The failed and canceled tasks that they wait for; at most 20."
    )
    root_cause_count = serializers.IntegerField(
        help_text="How many failed and canceled tasks they wait for."
    )
    blocked = serializers.IntegerField(
        help_text="How many pending tasks wait for these, directly or not."
    )
    more_blocked = serializers.BooleanField(
        help_text="True if there are at least so many: in a list, those of a large run are not "
        "counted."
    )


class RetrySummaryAnswer(serializers.Serializer[Any]):
    """How often tasks of the run were retried; what their runners refused does not count."""

    total_retries = serializers.IntegerField(help_text="Of all tasks together.")
    retried_task_ids = serializers.ListField(
        child=serializers.IntegerField(), help_text="The tasks that were retried, in list order."
    )


class TriggerAnswer(serializers.Serializer[Any]):
    """What started a run, if no person did."""

    kind = serializers.CharField(help_text="What sort of trigger it is.")
    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField(allow_blank=True)
    moment = serializers.CharField(allow_null=True, help_text="The moment that the run is for.")


class TrialAnswer(serializers.Serializer[Any]):
    """Which draft a run has tried."""

    template_id = serializers.IntegerField(
        allow_null=True, help_text="The template that was drawn; null: a new one."
    )
    version = serializers.IntegerField(
        allow_null=True, help_text="The version that the draft began with."
    )
    step_id = serializers.CharField(
        allow_null=True, help_text="The one step that was tried; null: all of the draft."
    )
    results_of = serializers.IntegerField(
        allow_null=True, help_text="The run whose results the step was given."
    )


class TargetAnswer(serializers.Serializer[Any]):
    """The row that an operation is carried out on."""

    type = serializers.ChoiceField(TARGETS, help_text="Which list it is in.")
    id = serializers.IntegerField()


class SuggestedAction(serializers.Serializer[Any]):
    """An operation that would help; whether you may is decided when you ask for it."""

    operation = serializers.CharField(help_text="Its name, such as `retry`.")
    label = serializers.CharField(help_text="What its button says.")  # type: ignore[assignment]
    target = TargetAnswer(help_text="What it is carried out on.")


class RunAnswer(RowAnswer[WorkflowRun]):
    """A workflow run."""

    workflow_template_id = serializers.IntegerField(
        source="template_id",
        allow_null=True,
        help_text="Its template; null: it has none, or it was deleted.",
    )
    workflow_template_name = serializers.CharField(
        source="template_name", help_text="What the template was called."
    )
    workflow_template_version = serializers.IntegerField(
        source="template_version", allow_null=True, help_text="The version that it is a copy of."
    )
    status = serializers.ChoiceField(RunState.choices, source="state")
    created_by = serializers.CharField(
        source="creator.name", help_text="The user who created it; empty if none did."
    )
    task_ids = serializers.SerializerMethodField()
    trigger = TriggerAnswer(allow_null=True, help_text="What started it; null: a person did.")
    trial = serializers.SerializerMethodField()
    task_counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many tasks are in each state."
    )
    labels = serializers.SerializerMethodField()
    duration_ms = serializers.IntegerField(
        allow_null=True,
        help_text="From the start to the end; null until the run has ended, and again while it is "
        "retried.",
    )
    sentence = serializers.SerializerMethodField()
    suggested_actions = serializers.SerializerMethodField()
    failure_triage_hints = serializers.SerializerMethodField()
    retry_summary = serializers.SerializerMethodField()
    deadlock = serializers.SerializerMethodField()

    class Meta:
        model = WorkflowRun
        fields = [
            "id",
            "workflow_template_id",
            "workflow_template_name",
            "workflow_template_version",
            "task_ids",
            "status",
            "initiated_by",
            "created_by",
            "approver_must_differ",
            "approval_lasts",
            "parameters",
            "labels",
            "auto_dispatch",
            "again_of",
            "trigger",
            "trial",
            "created_at",
            "updated_at",
            "started_at",
            "finished_at",
            "duration_ms",
            "task_counts",
            "sentence",
            "suggested_actions",
            "failure_triage_hints",
            "retry_summary",
            "deadlock",
            "set_aside",
            "kept_at",
            "kept_by",
            "kept_reason",
            "logs_removed_at",
            "secrets_removed_at",
        ]

    def get_task_ids(self, run: WorkflowRun) -> list[int]:
        """Return the ids of the run's tasks, in list order."""
        contents: Contents = self.context["contents"][run.pk]
        return contents.task_ids

    @extend_schema_field(TrialAnswer(allow_null=True, help_text="Of a run that tried a draft."))
    def get_trial(self, run: WorkflowRun) -> dict[str, Any] | None:
        """Return which draft it has tried; null for a run of a saved template."""
        return run.trial_facts or None

    def get_labels(self, run: WorkflowRun) -> dict[str, str]:
        """Return its labels by key."""
        contents: Contents = self.context["contents"][run.pk]
        return dict(contents.labels)

    def get_sentence(self, run: WorkflowRun) -> str:
        """Return what the run waits for and what helps, or how it ended."""
        return self._situation(run).sentence

    @extend_schema_field(SuggestedAction(many=True))
    def get_suggested_actions(self, run: WorkflowRun) -> list[dict[str, Any]]:
        """Return the operations that would help."""
        return suggested_actions(self._situation(run).suggestions)

    def get_failure_triage_hints(self, run: WorkflowRun) -> list[str]:
        """Return what to look at first."""
        return list(self._situation(run).hints)

    @extend_schema_field(RetrySummaryAnswer)
    def get_retry_summary(self, run: WorkflowRun) -> dict[str, Any]:
        """Return how often tasks were retried."""
        contents: Contents = self.context["contents"][run.pk]
        return contents.retry_summary()

    @extend_schema_field(DeadlockAnswer(allow_null=True))
    def get_deadlock(self, run: WorkflowRun) -> dict[str, Any] | None:
        """Return why the run cannot continue; None if it can."""
        deadlock = self._situation(run).deadlock
        return deadlock.as_json() if deadlock else None

    def _situation(self, run: WorkflowRun) -> Situation:
        situation: Situation = self.context["situations"][run.pk]
        return situation


class StartedRunAnswer(RunAnswer):
    """A run that was just created, with what its creator should know."""

    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="Parameters that were left out, and steps that nothing can dispatch as it is.",
    )

    class Meta(RunAnswer.Meta):
        fields = [*RunAnswer.Meta.fields, "warnings"]


class ExplainedTask(BlockedTaskAnswer):
    """A blocked task, with a sentence that explains why."""

    sentence = serializers.CharField()
    waits_for = CauseAnswer(
        many=True, help_text="The tasks that it depends on directly and that are not success."
    )


class ExplanationAnswer(serializers.Serializer[Any]):
    """Why the tasks of a run are blocked."""

    run_id = serializers.IntegerField()
    status = serializers.ChoiceField(RunState.choices)
    sentence = serializers.CharField(allow_blank=True)
    deadlock = DeadlockAnswer(allow_null=True)
    set_aside = serializers.CharField(allow_blank=True)
    blocked = ExplainedTask(many=True, help_text="Its pending tasks.")


class GraphNode(serializers.Serializer[Any]):
    """A task as a node of the graph."""

    task_id = serializers.IntegerField()
    step_id = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    status = serializers.ChoiceField(TaskState.choices)
    is_marked_success = serializers.BooleanField()
    dispatched_at = Moment(allow_null=True)
    started_at = Moment(allow_null=True)
    finished_at = Moment(allow_null=True)


class GraphEdge(serializers.Serializer[Any]):
    """The task `downstream` waits for the task `upstream`."""

    upstream = serializers.IntegerField(help_text="The task that is waited for.")
    downstream = serializers.IntegerField(help_text="The task that waits.")


class GraphAnswer(serializers.Serializer[Any]):
    """The tasks of a run in list order, and the dependencies between them."""

    run_id = serializers.IntegerField()
    status = serializers.ChoiceField(RunState.choices)
    nodes = GraphNode(many=True, help_text="The tasks, in list order.")
    edges = GraphEdge(many=True, help_text="The dependencies.")
