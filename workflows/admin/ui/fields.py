"""Form fields for JSON."""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from workflows.authoring.yaml_json import Unreadable, read_json
from workflows.models.fields import check_json, check_json_object

ONE_LINE = 40
"""A value of at most so many characters is shown on one line."""


class JSONFormField(forms.CharField):
    """Any JSON; a mistake is shown with its line and column. Empty: None."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 60, "class": "json", "spellcheck": "false"})

    def __init__(self, **kwargs: Any) -> None:
        """Keep leading and trailing spaces."""
        super().__init__(strip=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return a value as text; what was typed stays as it was typed."""
        if value is None or isinstance(value, str):
            return value
        short = json.dumps(value, ensure_ascii=False)
        return short if len(short) <= ONE_LINE else json.dumps(value, indent=2, ensure_ascii=False)

    def clean(self, value: Any) -> Any:
        """Return the parsed value."""
        text = super().clean(value)
        if not text.strip():
            return None
        parsed = _parsed(text)
        _check(check_json, parsed)
        return parsed


class JSONObjectFormField(JSONFormField):
    """A JSON object. Empty: an object without keys."""

    def __init__(self, **kwargs: Any) -> None:
        """Accept an empty field."""
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return an object as text; an object without keys as an empty text."""
        return super().prepare_value(value) if value else ""

    def clean(self, value: Any) -> Any:
        """Return the parsed object."""
        is_empty = not str(value or "").strip()
        parsed = {} if is_empty else super().clean(value)
        _check(check_json_object, parsed)
        return parsed


def _check(check: Callable[[object], None], value: object) -> None:
    """Accept what a check accepts; its words begin with a verb, and are about the field here."""
    try:
        check(value)
    except ValidationError as exc:
        raise ValidationError(f"This {exc.message}.") from exc


def _parsed(text: str) -> object:
    try:
        return read_json(text)
    except Unreadable as exc:
        raise ValidationError(f"Not valid JSON: {exc.detail}.") from exc
