"""Bodies and responses about the policy of a template."""

from workflows.api.serializers.base import RowAnswer, StrictIntegerField, StrictSerializer
from workflows.models import TemplatePolicy


class PolicyAnswer(RowAnswer[TemplatePolicy]):
    """How long runs of a template and their logs are kept, where it says so itself."""

    class Meta:
        model = TemplatePolicy
        fields = ["keep_runs_days", "keep_logs_days"]


class PolicyBody(StrictSerializer):
    """What is to change; what is not named stays."""

    keep_runs_days = StrictIntegerField(required=False, allow_null=True)
    keep_logs_days = StrictIntegerField(required=False, allow_null=True)
