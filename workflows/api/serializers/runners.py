"""What is sent and answered about runners."""

from copy import copy
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from runners.models import QUEUE_VALIDATORS, Runner, check_kind, check_secret_names, check_url
from workflows.api.serializers.base import (
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)

MAX_CAPACITY = 2**31 - 1


@extend_schema_field({"type": "string", "maxLength": 500})
class Url(StrictCharField):
    """Where the runner listens; empty for kinds that have no url."""

    def to_internal_value(self, data: Any) -> str:
        """Accept the address of a host."""
        url = super().to_internal_value(data)
        check_url(url)
        return url


class RunnerAnswer(StrictSerializer, serializers.ModelSerializer[Runner]):
    """A runner; its writable fields are the body that creates or changes one."""

    name = StrictCharField(max_length=100, validators=[UniqueValidator(Runner.objects.all())])
    kind = StrictCharField(required=False, max_length=20, validators=[check_kind])
    url = Url(required=False, allow_blank=True, max_length=500)
    queue = StrictCharField(
        required=False, allow_blank=True, max_length=100, validators=QUEUE_VALIDATORS
    )
    capacity = StrictIntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_CAPACITY
    )
    secret_names = serializers.ListField(
        child=StrictCharField(), required=False, validators=[check_secret_names]
    )
    is_enabled = StrictBooleanField(required=False)
    is_default = StrictBooleanField(required=False)

    class Meta:
        model = Runner
        fields = [
            "id",
            "name",
            "kind",
            "url",
            "queue",
            "capacity",
            "secret_names",
            "is_enabled",
            "is_default",
            "created_at",
            "updated_at",
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the fields that depend on the kind."""
        runner = copy(self.instance) if self.instance else Runner()
        for name, value in attrs.items():
            setattr(runner, name, value)
        runner.clean()
        return attrs
