"""What is sent and answered about workflow templates."""

from typing import Any

from rest_framework import serializers

from workflows.authoring.spec import TEMPLATE_SCHEMA
from workflows.models import TemplateStep, TemplateVersion, WorkflowTemplate

BODY: Any = {"application/json": TEMPLATE_SCHEMA}


BEGAN_WITH = {
    "type": "integer",
    "description": "The version that was changed: refused if there is another one meanwhile.",
}


REPLACEMENT: Any = {
    "application/json": {
        **TEMPLATE_SCHEMA,
        "properties": {**TEMPLATE_SCHEMA["properties"], "version": BEGAN_WITH},
    }
}


STEP_COLUMNS = ["runner", "payload", "timeout_seconds", "requires_approval"]


class StepAnswer(serializers.ModelSerializer[TemplateStep]):
    """A step of a template."""

    depends_on = serializers.SerializerMethodField()
    runner = serializers.CharField(source="runner.name", default=None, allow_null=True)

    class Meta:
        model = TemplateStep
        fields = ["step_id", "title", "depends_on", *STEP_COLUMNS]

    def get_depends_on(self, step: TemplateStep) -> list[str]:
        """Return the step ids, in the order in which they were written."""
        upstream: dict[int, list[str]] = self.context["upstream"]
        return upstream[step.pk]


class TemplateAnswer(serializers.ModelSerializer[WorkflowTemplate]):
    """A workflow template; its steps are in list order."""

    steps = StepAnswer(many=True)

    class Meta:
        model = WorkflowTemplate
        fields = [
            "id",
            "name",
            "description",
            "approver_must_differ",
            "parameters_schema",
            "version",
            "steps",
            "created_at",
            "updated_at",
        ]


class VersionAnswer(serializers.ModelSerializer[TemplateVersion]):
    """A template as somebody saved it."""

    runs = serializers.SerializerMethodField()

    class Meta:
        model = TemplateVersion
        fields = ["number", "saved_by", "saved_at", "runs"]

    def get_runs(self, version: TemplateVersion) -> int:
        """Return how many runs were made of it."""
        runs: dict[int, int] = self.context["runs"]
        return runs[version.number]


class WholeVersionAnswer(VersionAnswer):
    """A version with what it says."""

    content = serializers.DictField()

    class Meta(VersionAnswer.Meta):
        fields = [*VersionAnswer.Meta.fields, "content"]
