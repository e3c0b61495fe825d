"""JSON typed by people."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from workflows.models.fields import check_json, check_json_object

ONE_LINE = 40
"""Characters up to which a value is shown on one line."""


class JSONFormField(forms.CharField):
    """Any JSON; says where a mistake is. Empty: nothing."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 60, "class": "json", "spellcheck": "false"})

    def __init__(self, **kwargs: Any) -> None:
        """Take the text as it is typed."""
        super().__init__(strip=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the text of a value; a text that was typed stays as it is."""
        if value is None or isinstance(value, str):
            return value
        short = json.dumps(value, ensure_ascii=False)
        return short if len(short) <= ONE_LINE else json.dumps(value, indent=2, ensure_ascii=False)

    def clean(self, value: Any) -> Any:
        """Return the value."""
        text = super().clean(value)
        if not text.strip():
            return None
        check_json(found := _parsed(text))
        return found


class JSONObjectFormField(JSONFormField):
    """An object as JSON. Empty: an object without keys."""

    def __init__(self, **kwargs: Any) -> None:
        """Accept an empty field."""
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the text of an object; none for one without keys."""
        return super().prepare_value(value) if value else ""

    def clean(self, value: Any) -> Any:
        """Return the object."""
        found = super().clean(value)
        found = {} if found is None and not str(value or "").strip() else found
        check_json_object(found)
        return found


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        where = f"line {exc.lineno}, column {exc.colno}"
        raise ValidationError(f"Not valid JSON: {exc.msg} ({where}).") from exc
    except (RecursionError, ValueError) as exc:
        raise ValidationError("Not valid JSON: nested too deeply, or a number too long.") from exc
