"""Fields of a form, made from what a template's schema says of its parameters."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms

from workflows.admin.ui.fields import JSONFormField
from workflows.payloads.parameters import properties, secret_names

About = Mapping[str, Any]
"""The schema of one parameter."""

LEFT_OUT = object()
"""What stands for a parameter that nobody gave."""
NOTHING: tuple[Any, ...] = (None, "", [])
LONG_TEXT = 200
"""Characters from which a text gets a field of several lines."""


def parameter_fields(schema: dict[str, Any]) -> dict[str, forms.Field]:
    """Return a field for each parameter that a schema describes, by its name."""
    required = schema.get("required", ())
    secret = secret_names(schema)
    return {
        name: _dressed(_field(about, secret=name in secret), name, about, name in required)
        for name, about in properties(schema).items()
    }


def given(field: forms.Field, about: About, value: Any) -> Any:
    """
    Return what was typed into a field, as the run gets it; LEFT_OUT where nothing was.

    An emptied text with a default is an empty text: left out, it would be the default again.
    """
    if value not in NOTHING or isinstance(field, forms.BooleanField):
        return value
    return value if field.required or "default" in about else LEFT_OUT


class ChoiceField(forms.TypedChoiceField):
    """One of the values of an `enum`, of whatever type."""

    def __init__(self, values: list[Any]) -> None:
        """Number the values: what a browser sends is text."""
        self.values = values
        self.numbered = [(str(number), _shown(value)) for number, value in enumerate(values)]
        super().__init__(choices=self.numbered, coerce=lambda number: values[int(number)])
        self.empty_value: Any = None

    def prepare_value(self, value: Any) -> Any:
        """Return the number of a value; what a browser sent is one already."""
        if isinstance(value, str) and value not in self.values:
            return value
        texts = [json.dumps(each, sort_keys=True) for each in self.values]
        text = json.dumps(value, sort_keys=True)
        return str(texts.index(text)) if text in texts else ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say yes: Django would take a value for its number."""
        return True


class TextField(forms.CharField):
    """A text as it is typed, with the ends of lines that it was stored with."""

    def __init__(self, widget: forms.Widget) -> None:
        """Leave spaces alone."""
        super().__init__(strip=False, widget=widget)

    def clean(self, value: Any) -> Any:
        """Return the text; browsers end lines with CR and LF."""
        return super().clean(value).replace("\r\n", "\n")


class LinesField(TextField):
    """Texts, one a line."""

    def __init__(self) -> None:
        """Have room for some."""
        super().__init__(forms.Textarea(attrs={"rows": 4, "cols": 60}))

    def prepare_value(self, value: Any) -> Any:
        """Return the lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the lines that are not empty."""
        return [line for line in super().clean(value).split("\n") if line]


def _field(about: About, *, secret: bool) -> forms.Field:
    if secret:
        hidden = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        return TextField(hidden)
    if isinstance(about.get("enum"), list):
        return ChoiceField(about["enum"])
    match about:
        case {"type": "string"}:
            return _text_field(about)
        case {"type": "integer"}:
            return forms.IntegerField()
        case {"type": "number"}:
            return forms.FloatField()
        case {"type": "boolean"}:
            return forms.BooleanField()
        case {"type": "array", "items": {"type": "string"}} if "enum" not in about["items"]:
            return LinesField()
    return JSONFormField()


def _text_field(about: About) -> forms.Field:
    attributes = {"spellcheck": "false", "autocomplete": "off", "class": "vTextField"}
    match about.get("format"):
        case "date":
            kind = {**attributes, "type": "date"}
        case "email" | "time" as name:
            kind = {**attributes, "type": name}
        case "uri":
            kind = {**attributes, "type": "url"}
        case _:
            kind = attributes
    short = int(about.get("maxLength", 0)) <= LONG_TEXT and "\n" not in str(about.get("default"))
    widget = forms.TextInput(attrs=kind) if short else forms.Textarea(attrs={"rows": 4})
    return TextField(widget)


def _dressed(field: forms.Field, name: str, about: About, required: bool) -> forms.Field:
    field.label = str(about.get("title") or name)
    field.help_text = _help(field, about)
    field.initial = about.get("default")
    # What has a default cannot be emptied, unless nothing is a value of it.
    may_be_empty = (
        isinstance(field, forms.BooleanField | LinesField) or about.get("type") == "string"
    )
    field.required = required and not isinstance(field, forms.BooleanField)
    if about.get("default") is not None and not may_be_empty:
        field.required = True
    if isinstance(field, ChoiceField) and (not field.required or "default" not in about):
        field.choices = [("", "–"), *field.numbered]
    return field


def _help(field: forms.Field, about: About) -> str:
    kinds = {LinesField: "One a line.", JSONFormField: "As JSON."}
    return " ".join(filter(None, [str(about.get("description", "")), kinds.get(type(field))]))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
