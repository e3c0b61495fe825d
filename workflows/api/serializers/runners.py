"""What is sent and answered about runners."""

from collections import defaultdict
from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as InvalidRunner
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from runners.models import (
    MAX_CAPACITY,
    QUEUE_VALIDATORS,
    Runner,
    check_kind,
    check_secret_names,
    check_url,
)
from workflows.api.serializers.base import (
    ObjectField,
    RowAnswer,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)

LONGEST_VALUE = 10_000
TAKEN = "There is a runner with this name already; choose another one."
BEARER_PLACE = "credentials.token"
TEXTS = {field.name: field.help_text for field in Runner._meta.fields}
"""What the admin's form says about the columns."""


@extend_schema_field({"type": "string", "maxLength": 500})
class Url(StrictCharField):
    """Where the runner listens; empty for kinds that have no url."""

    def to_internal_value(self, data: Any) -> str:
        """Accept the address of a host."""
        url = super().to_internal_value(data)
        check_url(url)
        return url


class Secret(StrictCharField):
    """The value of a credential, which no answer contains; null or an empty text removes it."""

    def __init__(self, **kwargs: Any) -> None:
        """Take the text as it is."""
        super().__init__(
            allow_blank=True,
            allow_null=True,
            trim_whitespace=False,
            max_length=LONGEST_VALUE,
            **kwargs,
        )


class RunnerAnswer(StrictSerializer, RowAnswer[Runner]):
    """A runner, which executes attempts."""

    name = StrictCharField(
        max_length=100,
        help_text="By which steps name it.",
        validators=[UniqueValidator(Runner.objects.all(), message=TAKEN)],
    )
    kind = StrictCharField(
        required=False, max_length=20, validators=[check_kind], help_text=TEXTS["kind"]
    )
    url = Url(required=False, allow_blank=True, max_length=500, help_text=TEXTS["url"])
    queue = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=100,
        validators=QUEUE_VALIDATORS,
        help_text=TEXTS["queue"],
    )
    capacity = StrictIntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_CAPACITY,
        help_text=TEXTS["capacity"],
    )
    secret_names = serializers.ListField(
        child=StrictCharField(),
        required=False,
        validators=[check_secret_names],
        help_text=TEXTS["secret_names"],
    )
    options = ObjectField(
        child=StrictCharField(max_length=LONGEST_VALUE),
        required=False,
        help_text="What else its kind needs, by name; replaced as a whole.",
    )
    token = Secret(write_only=True, required=False, help_text="The same as credentials.token.")
    credentials = serializers.DictField(
        child=Secret(),
        write_only=True,
        required=False,
        help_text="Secrets that its kind needs, by name; those that are not named stay.",
    )
    credentials_set = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="The names of the credentials that it has.",
    )
    is_enabled = StrictBooleanField(required=False, help_text=TEXTS["is_enabled"])
    is_default = StrictBooleanField(required=False, help_text=TEXTS["is_default"])

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
            "options",
            "token",
            "credentials",
            "credentials_set",
            "is_enabled",
            "is_default",
            "called_back_at",
            "created_at",
            "updated_at",
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the fields that depend on the kind; encrypt the credentials."""
        runner = copy(self.instance) if self.instance else Runner()
        entered = attrs.pop("credentials", {})
        if "token" in attrs:
            entered["token"] = attrs.pop("token")
        for name, value in attrs.items():
            setattr(runner, name, value)
        runner.enter_credentials(entered)
        try:
            runner.clean()
        except InvalidRunner as exc:
            raise serializers.ValidationError(_nested(exc.message_dict)) from exc
        return {**attrs, "credentials": runner.credentials} if entered else attrs


class RunnerChangesBody(RunnerAnswer):
    """What is to change about a runner; everything else stays."""

    schema_extra: ClassVar[dict[str, Any]] = {"required": []}


def _nested(errors: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return errors by place as the body has the fields: `{"options": {"ca_file": …}}`."""
    found: dict[str, Any] = defaultdict(dict)
    for place, texts in errors.items():
        group, _, name = place.partition(".")
        if not name or place == BEARER_PLACE:
            found[name or group] = texts
        else:
            found[group][name] = texts
    return found
