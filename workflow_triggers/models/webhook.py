"""Webhooks: addresses at which other programs start runs."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from runners.encryption import decrypt
from runners.fields import ReadableJSONField
from workflow_triggers.models.trigger import Trigger
from workflows.models.fields import JSONObjectField

LONGEST_DELIVERY_ID = 200
LONGEST_HEADER = 100
MOST_PER_MINUTE = 6_000


class Preset(models.TextChoices):
    """What sends to a webhook, and therefore where it signs and numbers its deliveries."""

    GENERIC = "generic", "any program"
    GITHUB = "github", "GitHub"
    GITLAB = "gitlab", "GitLab"


class Webhook(Trigger):
    """An address that starts a run of a template for each delivery that fits its condition."""

    preset = models.CharField(max_length=20, choices=Preset.choices, default=Preset.GENERIC)
    # Of the token in its address, only the digest is kept; its beginning tells tokens apart.
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    token_hint = models.CharField(max_length=8, editable=False)
    encrypted_secret = models.TextField(
        blank=True,
        default="",
        editable=False,
        help_text="With which the sender signs, encrypted with the first of SECRETS_KEYS.",
    )
    expressions = JSONObjectField(
        default=dict,
        db_default={},
        blank=True,
        help_text="Parameters by name: {{ body.x }}, {{ headers['x-y'] }}, {{ query.x }}.",
    )
    condition = models.TextField(
        blank=True,
        default="",
        help_text="An expression that must be true: body.ref == 'refs/heads/main'.",
    )
    delivery_header = models.CharField(
        max_length=LONGEST_HEADER,
        blank=True,
        default="",
        db_default="",
        help_text="In which the sender numbers its deliveries, if not as the others of its kind.",
    )
    most_per_minute = models.PositiveIntegerField(
        "deliveries per minute",
        default=60,
        db_default=60,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PER_MINUTE)],
        help_text="More are told to wait (429).",
    )

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "name"], name="webhook_unique_name_in_template"
            )
        ]

    @property
    def secret(self) -> str | None:
        """With which the sender signs; None if the present SECRETS_KEYS cannot read it."""
        return decrypt(self.encrypted_secret) if self.encrypted_secret else ""


class DeliveryOutcome(models.TextChoices):
    """What came of a delivery."""

    RUN = "run"
    """It has made a run."""
    FALSE = "false"
    """The condition is not true."""
    DISABLED = "disabled"
    """The webhook was disabled."""
    IGNORED = "ignored"
    """The sender has only tried the address."""
    REFUSED = "refused"
    """An expression failed, or the template did not take the parameters."""


class Delivery(models.Model):
    """One request to a webhook that was signed as it should be, and what came of it."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False)
    # As the sender numbers it; empty if it does not.
    delivery_id = models.CharField(max_length=LONGEST_DELIVERY_ID, blank=True, default="")
    received_at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=10, choices=DeliveryOutcome.choices)
    reason = models.TextField(blank=True, default="", db_default="")
    run_id = models.PositiveBigIntegerField(null=True)
    redelivery_of = models.PositiveBigIntegerField(null=True)
    # What came, encrypted as a whole, since nobody knows which part of it is a secret. Kept for the
    # latest only, to be delivered again.
    encrypted_content = models.TextField(blank=True, default="", editable=False)
    size = models.PositiveIntegerField(default=0)
    sender = models.CharField(max_length=45, blank=True, default="", help_text="Its address.")
    facts = ReadableJSONField(default=dict, help_text="What people recognize it by.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "delivery_id"],
                name="delivery_once",
                condition=~models.Q(delivery_id=""),
            )
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_of_webhook"),
            models.Index(fields=["received_at"], name="delivery_by_time"),
            models.Index(
                fields=["webhook", "-id"],
                name="delivery_with_content",
                condition=~models.Q(encrypted_content=""),
            ),
            models.Index(
                fields=["run_id"], name="delivery_of_run", condition=models.Q(run_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"
