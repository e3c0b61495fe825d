"""JSON typed by people."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from workflows.models.fields import check_json_object

ONE_LINE = 40
"""Characters up to which an object is shown on one line."""


class JSONObjectFormField(forms.CharField):
    """An object as JSON; says where a mistake is. Empty: an object without keys."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        """Accept an empty field."""
        super().__init__(required=False, strip=False, **kwargs)

    def prepare_value(self, value: Any) -> str:
        """Return the text of an object; a text that was typed stays as it is."""
        if isinstance(value, str):
            return value
        short = json.dumps(value, ensure_ascii=False) if value else ""
        return short if len(short) <= ONE_LINE else json.dumps(value, indent=2, ensure_ascii=False)

    def clean(self, value: Any) -> Any:
        """Return the object."""
        text = super().clean(value)
        parsed = _parsed(text) if text.strip() else {}
        check_json_object(parsed)
        return parsed


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        where = f"line {exc.lineno}, column {exc.colno}"
        raise ValidationError(f"Not valid JSON: {exc.msg} ({where}).") from exc
    except (RecursionError, ValueError) as exc:
        raise ValidationError("Not valid JSON: nested too deeply, or a number too long.") from exc
