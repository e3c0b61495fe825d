"""Form fields for the parameters of a run, made from the template's parameters schema."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms

from workflows.admin.ui.fields import JSONFormField
from workflows.payloads.parameters import properties, secret_names

Schema = Mapping[str, Any]
"""The JSON Schema of one parameter."""

OMITTED = object()
"""Stands for a parameter that is not given to the run."""
EMPTY_VALUES: tuple[Any, ...] = (None, "", [])
LONG_TEXT = 200
"""A text that may have more characters gets a field of several lines."""


def parameter_fields(schema: dict[str, Any]) -> dict[str, forms.Field]:
    """Return, by name, a field for each parameter of a schema."""
    required = schema.get("required", ())
    secret = secret_names(schema)
    return {
        name: _described(_field(each, secret=name in secret), name, each, name in required)
        for name, each in properties(schema).items()
    }


def parameter_value(field: forms.Field, schema: Schema, value: Any) -> Any:
    """
    Return the cleaned value of a field as the run gets it; OMITTED if the field was left empty.

    An emptied field with a default is given as empty: if omitted, it would get the default again.
    """
    if value not in EMPTY_VALUES or isinstance(field, forms.BooleanField):
        return value
    return value if field.required or "default" in schema else OMITTED


class ChoiceField(forms.TypedChoiceField):
    """One of the values of an `enum`, of any type."""

    def __init__(self, values: list[Any]) -> None:
        """Number the values, since browsers send text only."""
        self.values = values
        self.numbered = [(str(number), _choice_label(value)) for number, value in enumerate(values)]
        super().__init__(choices=self.numbered, coerce=lambda number: values[int(number)])
        self.empty_value: Any = None

    def prepare_value(self, value: Any) -> Any:
        """Return the number of a value; what a browser sent is a number already."""
        if isinstance(value, str) and value not in self.values:
            return value
        texts = [json.dumps(each, sort_keys=True) for each in self.values]
        text = json.dumps(value, sort_keys=True)
        return str(texts.index(text)) if text in texts else ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return True: Django would compare a value with its number."""
        return True


class TextField(forms.CharField):
    """A text exactly as it was typed, with its original line ends."""

    def __init__(self, widget: forms.Widget) -> None:
        """Keep leading and trailing spaces."""
        super().__init__(strip=False, widget=widget)

    def clean(self, value: Any) -> Any:
        """Return the text with LF as line end; browsers send CR LF."""
        return super().clean(value).replace("\r\n", "\n")


class LinesField(TextField):
    """A list of texts, one per line."""

    def __init__(self) -> None:
        """Show several lines."""
        super().__init__(forms.Textarea(attrs={"rows": 4, "cols": 60}))

    def prepare_value(self, value: Any) -> Any:
        """Return a list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the lines that are not empty."""
        return [line for line in super().clean(value).split("\n") if line]


def _field(schema: Schema, *, secret: bool) -> forms.Field:
    if secret:
        hidden = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        return TextField(hidden)
    if isinstance(schema.get("enum"), list):
        return ChoiceField(schema["enum"])
    match schema:
        case {"type": "string"}:
            return _text_field(schema)
        case {"type": "integer"}:
            return forms.IntegerField()
        case {"type": "number"}:
            return forms.FloatField()
        case {"type": "boolean"}:
            return forms.BooleanField()
        case {"type": "array", "items": {"type": "string"}} if "enum" not in schema["items"]:
            return LinesField()
    return JSONFormField()


def _text_field(schema: Schema) -> forms.Field:
    attributes = {"spellcheck": "false", "autocomplete": "off", "class": "vTextField"}
    match schema.get("format"):
        case "date":
            kind = {**attributes, "type": "date"}
        case "email" | "time" as name:
            kind = {**attributes, "type": name}
        case "uri":
            kind = {**attributes, "type": "url"}
        case _:
            kind = attributes
    short = int(schema.get("maxLength", 0)) <= LONG_TEXT and "\n" not in str(schema.get("default"))
    widget = forms.TextInput(attrs=kind) if short else forms.Textarea(attrs={"rows": 4})
    return TextField(widget)


def _described(field: forms.Field, name: str, schema: Schema, required: bool) -> forms.Field:
    """Return a field with its label, help text and default, required or not."""
    field.label = str(schema.get("title") or name)
    field.help_text = _help_text(field, schema)
    field.initial = schema.get("default")
    # A field with a default cannot be left empty, unless empty is a value of its type.
    may_be_empty = (
        isinstance(field, forms.BooleanField | LinesField) or schema.get("type") == "string"
    )
    field.required = required and not isinstance(field, forms.BooleanField)
    if schema.get("default") is not None and not may_be_empty:
        field.required = True
    if isinstance(field, ChoiceField) and (not field.required or "default" not in schema):
        field.choices = [("", "–"), *field.numbered]
    return field


def _help_text(field: forms.Field, schema: Schema) -> str:
    kinds = {LinesField: "One per line.", JSONFormField: "As JSON."}
    return " ".join(filter(None, [str(schema.get("description", "")), kinds.get(type(field))]))


def _choice_label(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
