"""The form of steps as HTML: rows that differ in their texts alone are rendered once."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from workflows.admin.ui.numbers import render_part

ROW = "workflows/workflowtemplate/step.html"
TEXTS = ("order", "step_id", "title", "depends_on", "payload", "timeout_seconds")
"""The fields whose value stands in the HTML as it is."""
MARK = "\ue000{}\ue000"
"""Stands where a text or the number of the row belongs; no text is looked through for it."""
PLACE = re.compile("\ue000(\\w+)\ue000")
NUMBER = "number"


class StepRows:
    """Renders the rows of a formset; a widget takes a millisecond, and 200 rows have 1,800."""

    def __init__(self, formset: Any) -> None:
        """Take a formset."""
        self._formset = formset
        self._patterns: dict[tuple[Any, ...], str] = {}

    def __iter__(self) -> Iterator[SafeString]:
        """Yield each row; one that was sent may have errors, and is rendered by itself."""
        if self._formset.is_bound:
            for form in self._formset:
                yield _rendered(form)
            return
        initial = self._formset.initial or ()
        for number in range(self._formset.total_form_count()):
            yield self._filled(number, initial[number] if number < len(initial) else {})

    def _filled(self, number: int, row: Mapping[str, Any]) -> SafeString:
        texts = {name: self._text(name, row.get(name)) for name in TEXTS}
        texts[NUMBER] = str(number)
        pattern = self._pattern({name: row[name] for name in row if name not in TEXTS})
        # Safe: the pattern is rendered by a template, and each text is escaped.
        return mark_safe(PLACE.sub(lambda found: escape(texts[found[1]]), pattern))  # noqa: S308

    def _text(self, name: str, value: Any) -> str:
        field = self._empty.fields[name]
        return str(field.widget.format_value(field.prepare_value(value)) or "")

    def _pattern(self, others: dict[str, Any]) -> str:
        key = tuple(sorted(others.items()))
        if key not in self._patterns:
            form = self._formset.empty_form
            form.prefix = self._formset.add_prefix(MARK.format(NUMBER))
            form.initial = {**others, **{name: MARK.format(name) for name in TEXTS}}
            self._patterns[key] = _rendered(form)
        return self._patterns[key]

    @cached_property
    def _empty(self) -> Any:
        return self._formset.empty_form


def _rendered(form: Any) -> SafeString:
    return render_part(ROW, {"form": form})
