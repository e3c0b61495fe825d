"""What schedules and webhooks have in common: whose they are, and whether they count."""

from django.db import models

from runners.fields import ReadableJSONField
from workflows.models import WorkflowTemplate
from workflows.models.actor import LONGEST_NAME, LONGEST_WAY, Actor
from workflows.models.fields import JSONObjectField

LONGEST_LABEL = 200


class Trigger(models.Model):
    """Starts runs of one template. Whoever changed it last counts as the creator of its runs."""

    name = models.CharField(max_length=LONGEST_LABEL, help_text="Unique in its template.")
    template = models.ForeignKey(
        WorkflowTemplate, models.CASCADE, related_name="%(class)ss", db_index=False
    )
    parameters = JSONObjectField(default=dict, db_default={}, blank=True)
    encrypted_secrets = ReadableJSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="The secret parameters by name, encrypted with the first of SECRETS_KEYS.",
    )
    priority = models.IntegerField(
        default=0, db_default=0, help_text="Among runs that wait for another: the highest is next."
    )
    is_enabled = models.BooleanField(default=True, db_default=True)
    # Who enabled or disabled it last, when and why.
    switched_at = models.DateTimeField(null=True, editable=False)
    switched_by = models.CharField(max_length=LONGEST_NAME, blank=True, editable=False, default="")
    switch_reason = models.TextField(blank=True, editable=False, default="")
    # Who changed it last: the creator of its runs, where an approver must be another person.
    changed_by = models.CharField(max_length=LONGEST_NAME, blank=True, editable=False, default="")
    changed_by_user = models.CharField(
        max_length=LONGEST_NAME, blank=True, editable=False, default=""
    )
    changed_by_via = models.CharField(
        max_length=LONGEST_WAY, blank=True, editable=False, default=""
    )
    changed_at = models.DateTimeField(auto_now=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def changer(self) -> Actor:
        """Whoever changed it last."""
        return Actor(self.changed_by_user, self.changed_by, self.changed_by_via)
