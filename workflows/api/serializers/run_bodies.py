"""Bodies of requests to `/workflow-runs`."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from workflows.api.serializers.base import (
    ReasonBody,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from workflows.models.run import LONGEST_LABEL
from workflows.operations.labels import LONGEST_NOTE
from workflows.runs.again import Again

MAX_TASK_IDS = 10_000
VERSIONS = ["same", "latest"]


class RunBody(StrictSerializer):
    """A new run of a template, or of existing tasks in the given order."""

    schema_extra = {"minProperties": 1}

    workflow_template_id = StrictIntegerField(
        source="template_id",
        required=False,
        allow_null=True,
        help_text="The template whose steps become the tasks of the run.",
    )
    task_ids = serializers.ListField(
        child=StrictIntegerField(),
        required=False,
        max_length=MAX_TASK_IDS,
        help_text="Existing tasks that become those of the run; no template is needed then.",
    )
    initiated_by = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_LABEL)
    parameters = serializers.DictField(
        required=False, help_text="By name; the `parameters_schema` of the template checks them."
    )
    auto_dispatch = StrictBooleanField(
        required=False,
        help_text="The run goes on by itself, from its creation; default: false, and nothing is "
        "dispatched until somebody asks for it.",
    )
    labels = serializers.DictField(
        required=False,
        help_text="Labels of the run by key, as texts; they replace those that its template has.",
    )
    again_of = StrictIntegerField(
        required=False,
        allow_null=True,
        help_text="A run to repeat: with its parameters, of which `parameters` overrides single "
        "ones.",
    )
    version = serializers.ChoiceField(
        VERSIONS,
        required=False,
        help_text="The version of the template, if a run is repeated; default: the same.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return what is repeated as one value."""
        run_id, version = attrs.pop("again_of", None), attrs.pop("version", None)
        if run_id is not None:
            attrs["again"] = Again(run_id, latest=version == "latest")
        elif version:
            raise ValidationError({"version": ["Only with again_of: the run to repeat."]})
        return attrs


class RunChangesBody(ReasonBody):
    """What can be changed about a run, and why."""

    auto_dispatch = StrictBooleanField(
        help_text="True: what is ready now and later is dispatched by itself."
    )


class LabelsBody(ReasonBody):
    """Which labels a run gets or loses, and why; its other labels stay."""

    labels = serializers.DictField(
        help_text="By key, as texts; null removes a label.", allow_empty=False
    )


class NoteBody(StrictSerializer):
    """A note on a run."""

    note = StrictCharField(
        max_length=LONGEST_NOTE, help_text="Kept in the trail, beside your name; not to be edited."
    )


class RetryBody(ReasonBody):
    """Which failed tasks of a run to retry, and why; without either list, all of them."""

    task_ids = serializers.ListField(
        child=StrictIntegerField(),
        required=False,
        allow_empty=False,
        max_length=MAX_TASK_IDS,
        help_text="The tasks to retry, by their ids.",
    )
    step_ids = serializers.ListField(
        child=StrictCharField(),
        required=False,
        allow_empty=False,
        max_length=MAX_TASK_IDS,
        help_text="The tasks to retry, by their steps.",
    )
    include_canceled = StrictBooleanField(
        required=False, help_text="Retry canceled and rejected tasks, too; default: false."
    )
