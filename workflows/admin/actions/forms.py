"""The forms that ask an operator for the arguments of an operation."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import get_current_timezone_name

from runners.forms import TextBoundField
from workflows.errors import Invalid
from workflows.models.label import label_problems
from workflows.operations.holds import check_resume_at

LONGEST_TEXT = 2000


def read_labels(text: str) -> dict[str, str]:
    """
    Return the labels of a text with one `key=value` in each line.

    :raises ValidationError: naming a line that is none.
    """
    labels = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, equals, value = line.partition("=")
        if not equals:
            raise ValidationError(f"“{line}” is not key=value.")
        labels[key.strip()] = value.strip()
    return labels


def _text(help_text: str, *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        required=required,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=help_text,
    )


class OperationForm(forms.Form):
    """The arguments of an operation, besides the row and the actor."""

    bound_field_class = TextBoundField

    def __init__(self, data: Any = None, initial: Any = None) -> None:
        """Bind the posted data; without data, the form shows what was said so far."""
        super().__init__(data, initial=initial, label_suffix="")


class ReasonForm(OperationForm):
    """An optional reason."""

    reason = _text("Kept in the trail, beside your name.")


class RequiredReasonForm(OperationForm):
    """A required reason."""

    reason = _text("Kept in the trail, beside your name.", required=True)


class RetryFailedForm(ReasonForm):
    """An optional reason, and whether canceled tasks are retried, too."""

    include_canceled = forms.BooleanField(
        required=False, help_text="Also tasks that were canceled, or whose approval was rejected."
    )


class LabelsForm(ReasonForm):
    """Labels to give and to remove, and an optional reason."""

    labels = forms.CharField(
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="One per line, as in team=data. Nothing after the sign, as in team=, removes "
        "that label. Other labels stay.",
    )
    field_order = ("labels", "reason")

    def clean_labels(self) -> dict[str, str | None]:
        """Return the labels by key, with None for those to remove."""
        labels: dict[str, str | None] = {**read_labels(self.cleaned_data["labels"])}
        labels = {key: value or None for key, value in labels.items()}
        if problems := list(label_problems(labels, may_remove=True)):
            raise ValidationError(problems)
        return labels


class NoteForm(OperationForm):
    """A note."""

    note = _text("Kept in the trail, beside your name. Nobody can edit it later.", required=True)


class HoldForm(ReasonForm):
    """An optional reason, and when the hold ends."""

    resume_at = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, data: Any = None, initial: Any = None) -> None:
        """Name the time zone that the moment is in."""
        super().__init__(data, initial)
        self.fields["resume_at"].help_text = (
            "When the hold ends without anybody releasing the task, in "
            f"{get_current_timezone_name()} time. Empty: when somebody releases it."
        )

    def clean_resume_at(self) -> datetime | None:
        """Return the moment in UTC; refuse one that has passed."""
        moment: datetime | None = self.cleaned_data["resume_at"]
        try:
            check_resume_at(moment)
            return moment and moment.astimezone(UTC)
        except Invalid as refusal:
            raise ValidationError(refusal.fields["resume_at"]) from refusal
        except OverflowError as exc:
            raise ValidationError("This moment is too far away.") from exc


class CommentForm(OperationForm):
    """A comment on a decision."""

    comment = _text("Kept with the decision and in the trail, beside your name.")
