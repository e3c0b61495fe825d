"""Stores markup in every text of every model, and finds what a page shows unescaped."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

ELEMENT = "x-hit"
MARK = f"""'"></script></textarea></title><{ELEMENT} data-hit><img src=x onerror=__hit=1>"""
SHORT_MARK = f"'\"><{ELEMENT}>"
KEPT = {
    "auth.Permission.codename": "permissions are found by it",
    "contenttypes.ContentType.app_label": "models are found by it",
    "contenttypes.ContentType.model": "models are found by it",
    "runners.Runner.kind": "names a class of the settings",
    "sessions.Session.session_data": "is signed by Django",
    "workflows.TaskAttempt.runner_kind": "names a class of the settings",
    "workflows.WorkflowRun.secrets": "masks its values wherever they are shown",
}
"""Columns that are left as they are, each with the reason."""
ADDRESSES = {"href", "src", "action", "formaction", "xlink:href"}


def mark_every_text() -> None:
    """Store markup in every column of text or JSON, past all validators, in every table."""
    for model in apps.get_models():
        if not model._base_manager.exists():
            fill(model)
    for model in apps.get_models():
        for row in model._base_manager.all():
            values = {
                field.name: marked(getattr(row, field.attname), field, row.pk)
                for field in text_fields(model)
            }
            model._base_manager.filter(pk=row.pk).update(**values)


def text_fields(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    """Return the columns of a model that can hold any text."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
        and not (field.primary_key or field.choices or f"{model._meta.label}.{field.name}" in KEPT)
    ]


def fill(model: type[models.Model]) -> models.Model:
    """Insert a row, with the first rows of other tables where it needs some."""
    values = {
        field.attname: _value(field)
        for field in model._meta.concrete_fields
        if not (field.has_default() or field.null or isinstance(field, models.AutoField))
    }
    return model._base_manager.create(**values)


def _value(field: "models.Field[Any, Any]") -> Any:
    if isinstance(field, models.ForeignKey):
        other = field.related_model
        return (other._base_manager.first() or fill(other)).pk
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    return {} if isinstance(field, models.JSONField) else 1


def marked(value: Any, field: "models.Field[Any, Any]", pk: object) -> Any:
    """Return a value with markup; values of a unique column differ."""
    if isinstance(field, models.JSONField):
        return value if MARK in str(value) else _marked_json(value)
    longest = field.max_length or 10_000
    number = str(pk)[-6:]
    mark = MARK if longest > len(MARK) + len(number) else SHORT_MARK
    return mark[: longest - len(number)] + number


def _marked_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{key: _marked_json(child) for key, child in value.items()}, MARK: MARK}
    if isinstance(value, list):
        more = [MARK] if all(isinstance(child, str) for child in value) else []
        return [*map(_marked_json, value), *more]
    return MARK + value if isinstance(value, str) else value


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.elements: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        names = {name for name, _ in attrs}
        addresses = [value or "" for name, value in attrs if name in ADDRESSES]
        if tag == ELEMENT or "data-hit" in names or any(MARK[:9] == text[:9] for text in addresses):
            line, column = self.getpos()
            self.found.append(f"line {line}, column {column}")


def unescaped(html: str) -> list[str]:
    """Return where a page has elements, attributes or addresses that are stored texts."""
    finder = _Finder()
    finder.feed(html)
    return [f"{where}: {_line(html, where)}" for where in finder.found]


def unescaped_in_json(value: Any) -> Iterator[str]:
    """Yield the parts of JSON that are pages, as the page of a run asks for them, and unescaped."""
    if isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from unescaped_in_json(child)
    elif isinstance(value, str):
        finder = _Finder()
        finder.feed(value)
        if finder.found and finder.elements - {ELEMENT, "img"}:
            yield value[:500]


def _line(html: str, where: str) -> str:
    number = int(re.findall(r"\d+", where)[0])
    return html.split("\n")[number - 1].strip()[:300]
