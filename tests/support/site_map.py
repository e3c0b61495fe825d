"""Every address of the site, made from its URL configuration and the rows that there are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import quote as url_quote

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.urls import URLPattern, URLResolver, get_resolver

MOST_ROWS = 2
"""Of a table, the first ones and the last ones."""
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True)
class Place:
    """A pattern of the URL configuration, with its addresses."""

    route: str
    view: Any
    addresses: tuple[str, ...]


def places() -> list[Place]:
    """Return all patterns; one whose parameters nothing here knows has no address."""
    return [
        Place(route, view, tuple(_addresses(route)))
        for route, view in _patterns(get_resolver().url_patterns, "")
    ]


def _patterns(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def _addresses(route: str) -> Iterator[str]:
    plain = GROUP.sub(lambda found: f"<{found[1]}>", route).replace("^", "").replace("$", "")
    names = PARAMETER.findall(plain)
    before = [
        plain[: found.start()].strip("/").rpartition("/")[2] for found in PARAMETER.finditer(plain)
    ]
    choices = [_values(name, segment) for name, segment in zip(names, before, strict=True)]
    for values in product(*choices):
        rest = iter(values)
        yield "/" + PARAMETER.sub(lambda _: url_quote(next(rest)), plain)  # noqa: B023


def _values(name: str, segment: str) -> list[str]:
    """Return values of a parameter: keys of the rows that the path before it names."""
    if name == "app_label":
        return sorted({model._meta.app_label for model in admin.site._registry})
    if name == "number":
        return ["1", "2"]
    wanted = segment.replace("-", "").removesuffix("s")
    for model in apps.get_models():
        if model._meta.model_name in {wanted, segment}:
            keys = [
                str(pk) for pk in model._base_manager.order_by("pk").values_list("pk", flat=True)
            ]
            return list(map(quote, dict.fromkeys([*keys[:MOST_ROWS], *keys[-MOST_ROWS:]])))
    return []
