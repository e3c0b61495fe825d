"""Bodies and responses about backfills."""

from typing import Any, ClassVar

from rest_framework import serializers

from workflow_triggers.models import Backfill
from workflows.api.serializers.base import Moment, RowAnswer, StrictBooleanField, StrictSerializer


class SpanBody(StrictSerializer):
    """For which moments of a schedule runs are wanted: from `start` up to and with `end`."""

    start = Moment(help_text="Where the span begins.")
    end = Moment(help_text="Where it ends; it must have passed.")
    dry_run = StrictBooleanField(
        required=False, help_text="Only say for which moments runs would be made."
    )


class BackfillAnswer(RowAnswer[Backfill]):
    """A span for whose moments runs are made, one after the other."""

    schedule_id = serializers.IntegerField(help_text="The schedule.")

    class Meta:
        model = Backfill
        fields: ClassVar = [
            "id",
            "schedule_id",
            "start",
            "end",
            "created_at",
            "created_by",
            "canceled_at",
            "canceled_by",
        ]
        extra_kwargs: ClassVar = {
            "start": {"help_text": "Where the span begins."},
            "end": {"help_text": "Where it ends."},
            "created_by": {"help_text": "Who asked for it: the creator of its runs."},
            "canceled_at": {"help_text": "When it was canceled; null: it was not."},
            "canceled_by": {"help_text": "Who canceled it."},
        }


class SpanAnswer(serializers.Serializer[Any]):
    """What a backfill does, or would do."""

    backfill = BackfillAnswer(allow_null=True, help_text="What was queued; null: a dry run.")
    moments = serializers.ListField(
        child=Moment(), help_text="The moments that get a run, one after the other."
    )
    already = serializers.ListField(
        child=Moment(), help_text="Moments of the span that have a run, or wait for one."
    )
