"""Templates: named graphs of steps that runs are copied from."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from runners.base import LONGEST_TIMEOUT_S
from runners.fields import ReadableJSONField
from workflows.models.actor import LONGEST_NAME
from workflows.models.fields import JSONObjectField

TIMEOUT_VALIDATORS = [MinValueValidator(1), MaxValueValidator(LONGEST_TIMEOUT_S)]


class ApprovalLasts(models.TextChoices):
    """How long the approval of a task holds within a run."""

    RESET = "reset", "until it is reset, or something that it waits for"
    """A reset through the task asks again."""
    RUN = "run", "as long as the run"
    """Once approved, the task never asks again in its run."""


class WorkflowTemplate(models.Model):
    """A named DAG of steps. Runs are copies of it: editing it never changes them."""

    name = models.CharField(max_length=200, db_index=True)
    description = models.TextField(blank=True)
    approver_must_differ = models.BooleanField(
        default=False,
        help_text="Whoever created a run may not approve its tasks.",
    )
    approval_lasts = models.CharField(
        max_length=10,
        choices=ApprovalLasts.choices,
        default=ApprovalLasts.RESET,
        db_default=ApprovalLasts.RESET,
        help_text="When tasks that were approved ask again.",
    )
    parameters_schema = JSONObjectField(
        default=dict,
        db_default={},
        blank=True,
        help_text="A JSON Schema of the parameters that a run takes; empty: any.",
    )
    labels = JSONObjectField(
        default=dict,
        db_default={},
        blank=True,
        help_text="Labels of its runs, by key; no version keeps them.",
    )
    version = models.PositiveIntegerField(
        default=1, editable=False, help_text="Grows with each change of the template."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """A template as it was saved once. Never edited; the latest version equals the template."""

    template = models.ForeignKey(
        WorkflowTemplate, models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    content = ReadableJSONField(help_text="The whole template, as a file would hold it.")
    saved_by = models.CharField(max_length=LONGEST_NAME, blank=True)
    saved_by_user = models.CharField(max_length=LONGEST_NAME, blank=True, default="", db_default="")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["template", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "number"], name="templateversion_unique_number"
            )
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.template}"


class TemplateStep(models.Model):
    """One step of a template."""

    template = models.ForeignKey(WorkflowTemplate, models.CASCADE, related_name="steps")
    step_id = models.CharField(
        "step id",
        max_length=200,
        help_text="Any text; upper and lower case differ. Unique in its template.",
    )
    title = models.CharField(max_length=300)
    position = models.PositiveIntegerField(
        default=0, help_text="Among ready tasks, the lowest position is dispatched first."
    )
    runner = models.ForeignKey(
        "runners.Runner",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the default runner.",
    )
    payload = JSONObjectField(
        default=dict,
        blank=True,
        help_text='What to do: {"command": ["tar", "-czf", …]} '
        'or {"python": "name", "kwargs": {}}.',
    )
    timeout_seconds = models.PositiveIntegerField(
        null=True, blank=True, validators=TIMEOUT_VALIDATORS, help_text="1 to 86400; empty: a day."
    )
    requires_approval = models.BooleanField(
        default=False, help_text="Not dispatched until somebody with the permission approves."
    )
    upstream: "models.ManyToManyField[TemplateStep, StepDependency]" = models.ManyToManyField(
        "self", symmetrical=False, through="StepDependency", related_name="downstream"
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "step_id"],
                name="templatestep_unique_step_id",
                violation_error_message="This step_id is used twice in the template.",
            )
        ]

    def __str__(self) -> str:
        return self.step_id


class StepDependency(models.Model):
    """An edge of a template: `step` waits until `depends_on` is success."""

    step = models.ForeignKey(TemplateStep, models.CASCADE, related_name="dependencies")
    depends_on = models.ForeignKey(TemplateStep, models.CASCADE, related_name="dependants")

    class Meta:
        verbose_name_plural = "step dependencies"
        constraints = [
            models.UniqueConstraint(fields=["step", "depends_on"], name="stepdependency_unique"),
            models.CheckConstraint(
                condition=~models.Q(step=models.F("depends_on")), name="stepdependency_no_self_edge"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} ← {self.depends_on}"
