"""Query and lines of `/exports`."""

from typing import Any

from rest_framework import serializers

from workflows.api.serializers.base import Moment, StrictSerializer
from workflows.api.serializers.events import EventAnswer
from workflows.api.serializers.runs import TrialAnswer, TriggerAnswer
from workflows.models import RunState
from workflows.runs.locks import LARGEST_ID

DEFAULT_LINES = 1_000
MOST_LINES = 10_000
CURSOR = "Give it as `after` to go on behind this line."


class ExportQuery(StrictSerializer):
    """Which lines."""

    after = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=LARGEST_ID,
        help_text="The header `Export-Cursor` of the last answer, or the `cursor` of the last "
        "line that you have; 0: from the beginning.",
    )
    limit = serializers.IntegerField(
        default=DEFAULT_LINES,
        min_value=1,
        max_value=MOST_LINES,
        help_text="How many lines there are at most.",
    )


class EventLine(EventAnswer):
    """An event, as it is exported: one line of JSON."""

    cursor = serializers.IntegerField(source="id", help_text=CURSOR)
    digest = serializers.CharField(
        allow_null=True,
        help_text="Over the event, what it covers, and the digest of the event before it in its "
        "run; null: it only counts, or was written by a release that chained nothing.",
    )

    class Meta(EventAnswer.Meta):
        fields = ["cursor", *EventAnswer.Meta.fields, "digest"]


class RunLine(serializers.Serializer[Any]):
    """How a run has ended, as it is exported: one line of JSON."""

    cursor = serializers.IntegerField(help_text=CURSOR)
    run_id = serializers.IntegerField(help_text="The run.")
    status = serializers.ChoiceField(RunState.choices, help_text="How it has ended.")
    finished_at = Moment(help_text="When it ended.")
    ends = serializers.IntegerField(
        allow_null=True,
        help_text="How often it has ended, this time included; null: it began under a release "
        "that did not seal runs.",
    )
    workflow_template_id = serializers.IntegerField(
        allow_null=True, help_text="Its template; null: it has none, or it was deleted."
    )
    workflow_template_name = serializers.CharField(help_text="What the template was called.")
    workflow_template_version = serializers.IntegerField(
        allow_null=True, help_text="The version that it is a copy of."
    )
    parameters = serializers.DictField(help_text="Its parameters; secret ones are masked.")
    initiated_by = serializers.CharField()
    created_by = serializers.CharField(help_text="Who created it; empty if no person did.")
    created_by_user = serializers.CharField(help_text="The key of that user.")
    created_by_via = serializers.CharField(help_text="By which way: web, API, command.")
    again_of = serializers.IntegerField(
        allow_null=True, help_text="The run that it repeats; null: none."
    )
    trigger = TriggerAnswer(allow_null=True, help_text="What started it; null: a person did.")
    trial = TrialAnswer(
        allow_null=True, help_text="Which draft it tried; null: a saved template was run."
    )
    created_at = Moment()
    started_at = Moment(allow_null=True)
    task_counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many tasks were in each state."
    )
    trail_head = serializers.CharField(
        allow_null=True, help_text="The digest of the last event that was chained then."
    )
    trail_length = serializers.IntegerField(
        allow_null=True, help_text="How many events were chained then."
    )
    removed_at = Moment(
        allow_null=True, help_text="When it was removed; null: this line is about its end."
    )
    removed_by = serializers.CharField(allow_null=True, help_text="Who has removed it.")
    removed_reason = serializers.CharField(allow_null=True, help_text="By which rule.")
    line_number = serializers.IntegerField(
        allow_null=True, help_text="The place of what stays of it in the chain of removed runs."
    )
    line_digest = serializers.CharField(
        allow_null=True, help_text="Over what stays of it, and the digest before it in that chain."
    )
