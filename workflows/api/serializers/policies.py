"""Bodies and responses about the policy of a template."""

from rest_framework import serializers

from workflows.api.serializers.base import (
    RowAnswer,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from workflows.models import TemplatePolicy
from workflows.models.policy import EXPECTED_MINUTES, LATE_AT_USUAL, LOCKS, MAX_ACTIVE
from workflows.operations.policy import COLUMNS, LIMITS


class PolicyAnswer(RowAnswer[TemplatePolicy]):
    """How long runs of a template are kept, how many are active at once, and when one is late."""

    locks = serializers.ListField(child=serializers.CharField(), help_text=LOCKS)

    class Meta:
        model = TemplatePolicy
        fields = [*COLUMNS, *LIMITS]


class PolicyBody(StrictSerializer):
    """What is to change; what is not named stays."""

    keep_runs_days = StrictIntegerField(required=False, allow_null=True)
    keep_logs_days = StrictIntegerField(required=False, allow_null=True)
    max_active_runs = StrictIntegerField(required=False, allow_null=True, help_text=MAX_ACTIVE)
    locks = serializers.ListField(child=StrictCharField(), required=False, help_text=LOCKS)
    expected_minutes = StrictIntegerField(
        required=False, allow_null=True, help_text=EXPECTED_MINUTES
    )
    late_at_usual = StrictBooleanField(required=False, help_text=LATE_AT_USUAL)
