"""The form of a runner: its columns, and what the kinds of this installation declare."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.forms import BoundField
from django.utils.html import conditional_escape

from runners.conf import setting
from runners.kinds import CREDENTIALS, KIND_FIELDS, OPTIONS, field_help, kind_help, own_places
from runners.models import MAX_CAPACITY, Runner

if TYPE_CHECKING:
    RunnerModelForm = forms.ModelForm[Runner]
else:
    RunnerModelForm = forms.ModelForm

CLEAR = "clear"
"""The group of the boxes that remove a credential."""
WIDE = {"class": "vTextField"}
# "new-password": browsers do not fill in a password of their own.
SECRET = {**WIDE, "autocomplete": "new-password"}


def kinds() -> list[tuple[str, str]]:
    """Return the kinds that this installation has a backend for."""
    return [(kind, kind) for kind in setting("RUNNER_BACKENDS")]


def own_fields(runner: Runner) -> dict[str, forms.Field]:
    """Return the form's fields for what the kinds declare, by place, filled in for a runner."""
    fields: dict[str, forms.Field] = {}
    for place, declared in own_places().items():
        group, _, name = place.partition(".")
        label = declared.label or name.replace("_", " ").capitalize()
        if group == OPTIONS:
            fields[place] = _option_field(runner, place, label)
            continue
        fields[place] = _credential_field(runner, place, label)
        if name in runner.credentials:
            fields[f"{CLEAR}.{name}"] = forms.BooleanField(
                label=f"Remove the {label.lower()}", required=False
            )
    return fields


def _option_field(runner: Runner, place: str, label: str) -> forms.Field:
    value = runner.options.get(place.partition(".")[2], "")
    widget = forms.TextInput(WIDE)
    return forms.CharField(
        label=label, required=False, help_text=field_help(place), initial=value, widget=widget
    )


def _credential_field(runner: Runner, place: str, label: str) -> forms.Field:
    state = credential_state(runner, place.partition(".")[2])
    return forms.CharField(
        label=label,
        required=False,
        strip=False,
        help_text=f"{state} {field_help(place)}",
        widget=forms.PasswordInput(SECRET),
    )


def credential_state(runner: Runner, name: str) -> str:
    """Return whether a credential is set, as a sentence; its value is never shown."""
    if name not in runner.credentials:
        return "Not set."
    if name not in runner.known_secrets:
        return "Set, but it cannot be read with the present SECRETS_KEYS: enter it again."
    return "Set; leave this empty to keep it."


class TextBoundField(BoundField):
    """A field whose help text is text: Django's templates print help texts as HTML."""

    def __init__(self, form: forms.BaseForm, field: forms.Field, name: str) -> None:
        """Escape the help text, unless code has made HTML of it."""
        super().__init__(form, field, name)
        self.help_text = conditional_escape(self.help_text)


class NamesField(forms.CharField):
    """A list of names, entered as words separated by spaces or commas."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as words, and rejected input as it was typed."""
        return " ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Split the words into a list."""
        return value if isinstance(value, list) else (value or "").replace(",", " ").split()


class RunnerForm(RunnerModelForm):
    """A runner, with the help texts and the fields of the kinds of this installation."""

    kind = forms.ChoiceField(choices=kinds)
    capacity = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_CAPACITY,
        help_text=Runner._meta.get_field("capacity").help_text,
    )
    secret_names = NamesField(
        required=False, help_text=Runner._meta.get_field("secret_names").help_text
    )

    bound_field_class = TextBoundField

    class Meta:
        model = Runner
        fields = (
            "name",
            "kind",
            "url",
            "queue",
            "capacity",
            "secret_names",
            "is_enabled",
            "is_default",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take help texts and further fields from the backends."""
        super().__init__(*args, **kwargs)
        helps = {"kind": kind_help(), **{name: field_help(name) for name in KIND_FIELDS}}
        for name in helps.keys() & self.fields.keys():
            self.fields[name].help_text = helps[name]
        self.fields |= own_fields(self.instance)

    def clean(self) -> dict[str, Any] | None:
        """Put options and credentials into the runner, whose own check comes next."""
        cleaned = super().clean()
        self.instance.options = {name: value for name, value in self._given(OPTIONS) if value}
        entered = {name: value for name, value in self._given(CREDENTIALS) if value}
        removed = {name: "" for name, is_to_go in self._given(CLEAR) if is_to_go}
        # What kinds declared that this installation no longer has could not be removed otherwise.
        stale = {
            n: "" for n in self.instance.credentials if f"{CREDENTIALS}.{n}" not in self.fields
        }
        self.instance.enter_credentials(stale | removed | entered)
        return cleaned

    def _given(self, group: str) -> list[tuple[str, Any]]:
        return [
            (place.partition(".")[2], value)
            for place, value in self.cleaned_data.items()
            if place.startswith(f"{group}.")
        ]
