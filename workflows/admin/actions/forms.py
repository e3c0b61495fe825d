"""What an operator is asked before something is done; each answer is an argument of the domain."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import get_current_timezone_name

from workflows.errors import Invalid
from workflows.operations.holds import check_resume_at

LONGEST_TEXT = 2000


def _text(help_text: str, *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        required=required,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=help_text,
    )


class Question(forms.Form):
    """A question whose answers are all optional, unless a field says otherwise."""

    def __init__(self, data: Any = None) -> None:
        """Take what was answered, if anything was."""
        super().__init__(data, label_suffix="")


class WhyQuestion(Question):
    """Why, for those who want to say it."""

    reason = _text("Kept in the trail, beside your name.")


class MustSayWhyQuestion(Question):
    """Why, without exception."""

    reason = _text("Kept in the trail, beside your name.", required=True)


class HoldQuestion(WhyQuestion):
    """Why, and for how long."""

    resume_at = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, data: Any = None) -> None:
        """Name the time zone that the moment is in."""
        super().__init__(data)
        self.fields["resume_at"].help_text = (
            f"When it is released by itself, in {get_current_timezone_name()} time. "
            "Empty: when somebody releases it."
        )

    def clean_resume_at(self) -> datetime | None:
        """Return a moment that is still to come."""
        moment: datetime | None = self.cleaned_data["resume_at"]
        try:
            check_resume_at(moment)
            return moment and moment.astimezone(UTC)
        except Invalid as refusal:
            raise ValidationError(refusal.fields["resume_at"]) from refusal
        except OverflowError as exc:
            raise ValidationError("This moment is too far away.") from exc


class CommentQuestion(Question):
    """What a person who decides wants to say."""

    comment = _text("Kept with the decision and in the trail, beside your name.")
