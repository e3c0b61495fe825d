"""Bodies and responses of `/workflow-templates`."""

from typing import Any

from rest_framework import serializers

from workflows.api.serializers.base import RowAnswer
from workflows.authoring.checks import warnings_of
from workflows.authoring.schema import STEP_SCHEMA, TEMPLATE_SCHEMA
from workflows.authoring.sections import SECTIONS
from workflows.authoring.store import spec_of
from workflows.models import TemplateStep, TemplateVersion, WorkflowTemplate

EDITED_VERSION = {
    "type": "integer",
    "description": "The version that was edited; refused with 409 if it is no longer the latest.",
}

COMPONENTS = "#/components/schemas/"
STEPS = {**TEMPLATE_SCHEMA["properties"]["steps"], "items": {"$ref": f"{COMPONENTS}StepRequest"}}
CREATE_BODY: Any = {"application/json": {"$ref": f"{COMPONENTS}TemplateRequest"}}
REPLACE_BODY: Any = {"application/json": {"$ref": f"{COMPONENTS}TemplateChangesRequest"}}

STEP_COLUMNS = ["runner", "payload", "timeout_seconds", "requires_approval"]


def template_components() -> dict[str, Any]:
    """
    Return the bodies that the schema of files describes, and validates.

    Made when they are asked for: apps add sections while they start.
    """
    sections = {name: section.schema for name, section in SECTIONS.items()}
    fields = {**TEMPLATE_SCHEMA["properties"], **sections, "steps": STEPS}
    return {
        "StepRequest": STEP_SCHEMA,
        "TemplateRequest": {**TEMPLATE_SCHEMA, "properties": fields},
        "TemplateChangesRequest": {
            **TEMPLATE_SCHEMA,
            "description": "What is to change about a template; what is not named stays.",
            "required": [],
            "properties": {**fields, "version": EDITED_VERSION},
        },
    }


class StepAnswer(RowAnswer[TemplateStep]):
    """A step of a template."""

    depends_on = serializers.SerializerMethodField()
    runner = serializers.CharField(source="runner.name", default=None, allow_null=True)

    class Meta:
        model = TemplateStep
        fields = ["step_id", "title", "depends_on", *STEP_COLUMNS]

    def get_depends_on(self, step: TemplateStep) -> list[str]:
        """Return the step ids in the order of the template's file."""
        upstream: dict[int, list[str]] = self.context["upstream"]
        return upstream[step.pk]


class TemplateAnswer(RowAnswer[WorkflowTemplate]):
    """A workflow template; its steps are in list order."""

    steps = StepAnswer(many=True, help_text="Its steps, in list order.")

    class Meta:
        model = WorkflowTemplate
        fields = [
            "id",
            "name",
            "description",
            "approver_must_differ",
            "approval_lasts",
            "parameters_schema",
            "labels",
            "version",
            "steps",
            "created_at",
            "updated_at",
        ]


class TemplateWithWarnings(TemplateAnswer):
    """A workflow template, with what is wrong with its steps or makes no sense."""

    warnings = serializers.SerializerMethodField(
        help_text="What will fail or do nothing when it is run, each with its step and field."
    )

    class Meta(TemplateAnswer.Meta):
        fields = [*TemplateAnswer.Meta.fields, "warnings"]

    def get_warnings(self, template: WorkflowTemplate) -> list[str]:
        """Return one sentence for each."""
        return warnings_of(spec_of(template))


class VersionAnswer(RowAnswer[TemplateVersion]):
    """A saved version of a template."""

    runs = serializers.SerializerMethodField()

    class Meta:
        model = TemplateVersion
        fields = ["number", "saved_by", "saved_at", "runs"]

    def get_runs(self, version: TemplateVersion) -> int:
        """Return the number of runs of this version."""
        runs: dict[int, int] = self.context["runs"]
        return runs[version.number]


class WholeVersionAnswer(VersionAnswer):
    """A version with its content."""

    content = serializers.DictField(help_text="The template, as a file would hold it.")

    class Meta(VersionAnswer.Meta):
        fields = [*VersionAnswer.Meta.fields, "content"]
