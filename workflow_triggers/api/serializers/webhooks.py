"""Bodies and responses about webhooks and what arrives at them."""

from typing import Any, ClassVar

from rest_framework import serializers

from workflow_triggers.models import Delivery, Preset, Webhook
from workflow_triggers.models.trigger import LONGEST_LABEL
from workflow_triggers.models.webhook import LONGEST_HEADER, MOST_PER_MINUTE
from workflows.api.serializers.base import (
    ObjectField,
    RowAnswer,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)

TEXTS = {field.name: getattr(field, "help_text", "") for field in Webhook._meta.get_fields()}
SECRET = "With which the sender signs; no answer has it. An empty text: nothing is signed."  # noqa: S105
GIVEN = "Parameters with a fixed value; a secret is shown masked, and stays if it is sent so."


class WebhookAnswer(RowAnswer[Webhook]):
    """An address that starts runs of a template."""

    workflow_template_id = serializers.IntegerField(
        source="template_id", help_text="The template whose runs it starts."
    )
    has_secret = serializers.SerializerMethodField(help_text="Deliveries must be signed.")
    parameters = ObjectField(help_text=GIVEN)
    expressions = ObjectField(help_text=TEXTS["expressions"])

    class Meta:
        model = Webhook
        fields: ClassVar = [
            "id",
            "name",
            "workflow_template_id",
            "preset",
            "is_enabled",
            "condition",
            "expressions",
            "parameters",
            "delivery_header",
            "most_per_minute",
            "priority",
            "has_secret",
            "token_hint",
            "switched_at",
            "switched_by",
            "switch_reason",
            "changed_by",
            "changed_at",
            "created_at",
        ]
        extra_kwargs: ClassVar = {
            "token_hint": {"help_text": "The beginning of what stands behind /hooks/."},
            "name": {"help_text": TEXTS["name"]},
            "preset": {"help_text": "What sends."},
            "is_enabled": {"help_text": "False: deliveries make no runs."},
            "switched_at": {"help_text": "When it was enabled or disabled last."},
            "switched_by": {"help_text": "By whom."},
            "switch_reason": {"help_text": "And why."},
            "changed_by": {"help_text": "Who counts as the creator of its runs."},
            "changed_at": {"help_text": "When its row was saved last."},
            "created_at": {"help_text": "When it was made."},
        }

    def get_has_secret(self, webhook: Webhook) -> bool:
        """Return True if deliveries must be signed."""
        return bool(webhook.encrypted_secret)


class WebhookWithAddress(WebhookAnswer):
    """A webhook with its address, which is shown this once."""

    url = serializers.SerializerMethodField(help_text="Its address; it is stored nowhere.")

    class Meta(WebhookAnswer.Meta):
        fields: ClassVar = [*WebhookAnswer.Meta.fields, "url"]

    def get_url(self, webhook: Webhook) -> str:
        """Return the address that was just made."""
        url: str = self.context["url"]
        return url


class WebhookChangesBody(StrictSerializer):
    """What is to change about a webhook; what is not named stays."""

    name = StrictCharField(required=False, max_length=LONGEST_LABEL, help_text=TEXTS["name"])
    preset = serializers.ChoiceField(
        choices=Preset.choices, required=False, help_text="What sends."
    )
    secret = StrictCharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        trim_whitespace=False,
        write_only=True,
        help_text=SECRET,
    )
    condition = StrictCharField(required=False, allow_blank=True, help_text=TEXTS["condition"])
    expressions = ObjectField(required=False, help_text=TEXTS["expressions"])
    parameters = ObjectField(required=False, help_text=GIVEN)
    delivery_header = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_HEADER,
        help_text=TEXTS["delivery_header"],
    )
    most_per_minute = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MOST_PER_MINUTE,
        help_text=TEXTS["most_per_minute"],
    )
    priority = StrictIntegerField(required=False, help_text=TEXTS["priority"])


class WebhookBody(WebhookChangesBody):
    """A new webhook."""

    workflow_template_id = StrictIntegerField(help_text="The template whose runs it starts.")
    name = StrictCharField(max_length=LONGEST_LABEL, help_text=TEXTS["name"])
    is_enabled = StrictBooleanField(required=False, help_text="True, if it is not given.")


class DeliveryAnswer(RowAnswer[Delivery]):
    """What arrived at a webhook, and what came of it; what it contained is not shown."""

    webhook_id = serializers.IntegerField(help_text="Where it arrived.")
    facts = ObjectField(help_text=Delivery._meta.get_field("facts").help_text)
    can_redeliver = serializers.SerializerMethodField(help_text="What it contained is still kept.")

    class Meta:
        model = Delivery
        fields: ClassVar = [
            "id",
            "webhook_id",
            "delivery_id",
            "received_at",
            "outcome",
            "reason",
            "run_id",
            "redelivery_of",
            "size",
            "sender",
            "facts",
            "can_redeliver",
        ]
        extra_kwargs: ClassVar = {
            "id": {"help_text": "Ours."},
            "delivery_id": {"help_text": "As the sender numbers it; empty if it does not."},
            "received_at": {"help_text": "When it arrived."},
            "outcome": {"help_text": "What came of it."},
            "reason": {"help_text": "Why it has made no run."},
            "run_id": {"help_text": "The run that it has made."},
            "redelivery_of": {"help_text": "The delivery that it repeats."},
            "size": {"help_text": "Bytes of its body."},
            "sender": {"help_text": "The address that sent it."},
        }

    def get_can_redeliver(self, delivery: Delivery) -> bool:
        """Return True if it can be delivered again."""
        return bool(delivery.encrypted_content)


class HookBody(serializers.Serializer[Any]):
    """Any JSON object, also as the field `payload` of a form."""


class HookAnswer(serializers.Serializer[Any]):
    """What came of a delivery."""

    delivery_id = serializers.IntegerField(help_text="Ours.")
    run_id = serializers.IntegerField(allow_null=True, help_text="The run that was made.")
    run_url = serializers.CharField(allow_null=True, help_text="The page of the run.")
    reason = serializers.CharField(allow_null=True, help_text="Why there is no run, or no new one.")
