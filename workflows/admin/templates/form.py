"""The form of a template without its steps."""

from typing import Any

from django import forms

from workflows.admin.ui.base import RefusableForm
from workflows.admin.ui.fields import JSONObjectFormField
from workflows.models import ApprovalLasts, WorkflowTemplate

EXAMPLE = (
    '{"properties": {"day": {"type": "string", "format": "date"}, '
    '"copies": {"type": "integer", "minimum": 1, "default": 2}, '
    '"token": {"type": "string", "writeOnly": true}}, "required": ["day"]}'
)
LABELS_EXAMPLE = '{"team": "data", "day": "{{ params.day }}"}'


class TemplateForm(RefusableForm):
    """A template without its steps."""

    description = forms.CharField(
        required=False, strip=False, widget=forms.Textarea(attrs={"rows": 2, "cols": 80})
    )
    parameters_schema = JSONObjectFormField(
        label="Parameters",
        widget=forms.Textarea(
            attrs={"rows": 4, "cols": 80, "class": "json", "spellcheck": "false"}
        ),
        help_text="A JSON Schema of the parameters of a run. Empty: any parameters. "
        f"A writeOnly parameter is a secret. Example: {EXAMPLE}",
    )
    labels = JSONObjectFormField(
        widget=forms.Textarea(
            attrs={"rows": 4, "cols": 80, "class": "json", "spellcheck": "false"}
        ),
        help_text="By which its runs are found again. A value may be made of parameters. "
        f"They change without a new version. Example: {LABELS_EXAMPLE}",
    )
    approval_lasts = forms.ChoiceField(
        label="Approvals last",
        choices=ApprovalLasts.choices,
        required=False,
        help_text="A reset through an approved step asks again, or never does.",
    )
    began_with = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = WorkflowTemplate
        fields = (
            "name",
            "description",
            "approver_must_differ",
            "approval_lasts",
            "parameters_schema",
            "labels",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Send along the version that the form was opened with, so that no newer one is lost."""
        super().__init__(*args, **kwargs)
        self.initial["began_with"] = self.instance.version if self.instance.pk else None

    def clean_approval_lasts(self) -> str:
        """Return the choice; a form without the field leaves the setting as it is."""
        return str(self.cleaned_data["approval_lasts"] or self.instance.approval_lasts)

    def clean_description(self) -> str:
        """Return the text with LF as line end; browsers send CR LF."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")
