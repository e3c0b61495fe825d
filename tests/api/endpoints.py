"""Every endpoint of the API, read from the URL conf, so that new ones are always tested."""

from collections.abc import Iterator
from inspect import unwrap
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from workflows.api.errors import path_not_found

NOTHING: Any = unwrap(path_not_found)
OTHERS = ("admin/", "static/")
"""Prefixes of paths that are not part of the API."""


VERBS = ("get", "post", "put", "patch", "delete")


def endpoints() -> list[str]:
    """Return `POST /tasks/<int:pk>/cancel` and the like."""
    return [
        f"{method} /{path}"
        for path, callback in _paths(get_resolver().url_patterns, "")
        for method in _methods(callback)
    ]


def _paths(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if path.startswith(OTHERS):
            continue
        if isinstance(pattern, URLResolver):
            yield from _paths(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and unwrap(pattern.callback) is not NOTHING:
            yield path, pattern.callback


def _methods(callback: Any) -> list[str]:
    if actions := getattr(callback, "actions", None):
        return [method.upper() for method in actions if method != "head"]
    if view := getattr(callback, "cls", None):
        return [method.upper() for method in VERBS if hasattr(view, method)]
    return ["GET"]
