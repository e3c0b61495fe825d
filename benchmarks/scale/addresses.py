"""Every page of the console and every GET of the API, found in the code: none is written down."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.viewsets import ViewSetMixin

from benchmarks.scale.samples import Samples

MOST_CHOICES = 40
"""Of one filter."""


@dataclass(frozen=True, slots=True)
class Address:
    """A page or a call, by the same name in each database."""

    name: str
    path: str


def all_addresses(samples: Samples) -> list[Address]:
    """Return what a reader can GET, with each filter, search and order that is offered."""
    found = [*_pages(samples), *_lists(samples), *_calls(samples)]
    return list({address.name: address for address in found}.values())


def _patterns(
    resolver: URLResolver | None = None, route: str = "/"
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        path = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, path)
        elif pattern.name:
            yield path, pattern


def _pages(samples: Samples) -> Iterator[Address]:
    """Yield each address of the console, with rows of the samples in it."""
    for route, pattern in _patterns():
        if route.startswith("/admin/"):
            for label, path in samples.filled(route, pattern):
                yield Address(_named(route, label), path)


def _named(route: str, label: str) -> str:
    return f"{route} {label}".strip()


# Lists of the console


def _lists(samples: Samples) -> Iterator[Address]:
    user = User(is_superuser=True, is_staff=True, is_active=True)
    for model, page in admin.site._registry.items():
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        request = RequestFactory().get(path)
        request.user = user
        changes: Any = page.get_changelist_instance(request)
        for name, query in _list_queries(page, request, changes, samples):
            yield Address(f"{path}?{name}", path + query)


def _list_queries(
    page: Any, request: Any, changes: ChangeList, samples: Samples
) -> Iterator[tuple[str, str]]:
    yield from _offered(changes)
    for each in page.get_list_filter(request):
        parameter = getattr(each, "parameter_name", "")
        if parameter and parameter in samples.ids:
            yield f"{parameter}={{id}}", f"?{parameter}={samples.ids[parameter]}"
    if page.get_search_fields(request):
        for word in samples.words(changes.model):
            yield "q={word}" if not word.isdigit() else "q={number}", f"?q={word}"
    for number, column in enumerate(changes.list_display):
        if changes.get_ordering_field(column):
            name = getattr(column, "__name__", column)
            yield from ((f"o={sign}{name}", f"?o={sign}{number}") for sign in ("", "-"))
    yield "p=2", "?p=2"


def _offered(changes: ChangeList) -> Iterator[tuple[str, str]]:
    """Yield the choices of the filters beside a list."""
    for spec in changes.filter_specs:
        for choice in [*spec.choices(changes)][:MOST_CHOICES]:
            query = str(choice["query_string"])
            if query != "?" and not choice["selected"]:
                # Other moments and rows in each database, the same words.
                yield f"{spec.title}: {choice['display']}", query


# Calls of the API


def _calls(samples: Samples) -> Iterator[Address]:
    for route, pattern in _patterns():
        if route.startswith("/admin/") or not _answers_get(pattern):
            continue
        for label, path in samples.filled(route, pattern):
            yield Address(_named(route, label), path)
        view: Any = getattr(pattern.callback, "cls", None)
        if "<" not in route and (filters := getattr(view, "filterset_class", None)):
            for name, query in _api_queries(filters.base_filters, view.queryset.model, samples):
                yield Address(f"{route}?{name}", f"{route}?{query}")


def _answers_get(pattern: URLPattern) -> bool:
    actions = getattr(pattern.callback, "actions", None)
    view = getattr(pattern.callback, "cls", None)
    if view and issubclass(view, ViewSetMixin):
        return "get" in (actions or ())
    return view is None or hasattr(view, "get")


def _api_queries(
    filters: Mapping[str, Any], model: type[Model], samples: Samples
) -> Iterator[tuple[str, str]]:
    yield from ((f"limit={n}", f"limit={n}") for n in (1, 1000))
    middle = samples.middle(model)
    yield "offset={middle}", f"offset={middle}"
    for name, each in filters.items():
        for label, value in _values(name, each, model, samples):
            yield f"{name}={label}", f"{name}={value}"


def _values(
    name: str, each: Any, model: type[Model], samples: Samples
) -> Iterable[tuple[str, object]]:
    if choices := each.extra.get("choices"):
        choices = choices() if callable(choices) else choices
        return [(str(value), value) for value, _ in choices]
    if name == "q":
        return [(query, query) for query in ("state:failed", "param:day=2026-01-01", "sample")]
    return [("{…}", samples.value(model, each.field_name or name))]
