"""Where the API is mounted, and what to say about a path at which there is nothing."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, get_resolver

from runners.callbacks import API_URLS, mounted_url
from workflows.payloads.suggestions import meant

LONGEST_SHOWN = 100
PREFIXES = re.compile(r"^(api/(v\d+/)?|v\d+/)")
"""What the paths of other APIs begin with."""
PARAMETER = re.compile(r"<[^>]+>")
ID = "{id}"
ROOT = "\0"
"""Stands in a hint for the path below which the API is mounted."""
LISTS_BY_FILTER = {
    "workflow-runs": ("run_id", {"tasks", "approvals", "events"}),
    "tasks": ("task_id", {"approvals", "events"}),
}
"""What else belongs to a row, and is a list of its own with a filter."""


def api_url(name: str, **parameters: Any) -> str | None:
    """
    Return the path of a view of the API, under whatever prefix and namespace the project chose.

    None if the project has not mounted the API, which is no error.
    """
    return mounted_url(name, **parameters)


def mount_of(request: HttpRequest) -> str:
    """Return the path below which the view that answers a request has been mounted: `/ops/`."""
    match = request.resolver_match
    own = getattr(match.func, "own_route", None) if match else None
    if match is None or own is None:
        return "/"
    depth = match.route.removesuffix(own).count("/")
    prefix = "/".join(request.path_info.split("/")[1 : depth + 1])
    root = request.path.removesuffix(request.path_info)
    return f"{root}/{prefix}/" if prefix else f"{root}/"


def nothing_at(path: str, mount: str = "/") -> str:
    """Return a sentence about a path that leads nowhere, below where the API is mounted."""
    below = path.removeprefix(mount).strip("/")
    first, *rest = [part for part in PREFIXES.sub("", below).split("/") if part] or [""]
    hint = _in_collection(first, rest) if first in _collections() else _elsewhere(first, rest)
    return f"There is nothing at {path[:LONGEST_SHOWN]}; {hint.replace(ROOT, mount)}"


def _elsewhere(first: str, rest: list[str]) -> str:
    """Return which collection may be meant, with what follows if that exists there."""
    if found := meant(first, _collections()):
        return _question(found, *rest) if _is_known(found, rest) else _question(found)
    below = [path for path in known_paths() if path.startswith(f"{first}/")]
    return _known_are(below or _collections())


def _in_collection(first: str, rest: list[str]) -> str:
    """Return what may be meant by what stands behind the name of a collection."""
    if not rest or _is_known(first, rest):
        return _question(first, *rest)
    if f"{first}/{ID}" not in known_paths():
        return _question(first)
    number, *action = rest
    if not _is_number(number):
        return f"the id must be a whole number, as in {ROOT}{first}/1."
    filter_name, lists = LISTS_BY_FILTER.get(first, ("", set()))
    if action and action[0] in lists:
        return _question(f"{action[0]}?{filter_name}={number}")
    known = [path.partition(f"{ID}/")[2] for path in known_paths() if path.startswith(f"{first}/")]
    actions = [each for each in known if each and ID not in each]
    if action and (found := meant("/".join(action), actions)):
        return _question(first, number, found)
    return _known_are([f"{first}/{number}", *(f"{first}/{number}/{each}" for each in actions)])


def _question(*parts: str) -> str:
    return f"did you mean {ROOT}{'/'.join(parts)}?"


def _known_are(paths: list[str]) -> str:
    return f"known are: {', '.join(f'{ROOT}{each}' for each in paths)}."


def _is_known(first: str, rest: list[str]) -> bool:
    return "/".join([first, *(ID if _is_number(part) else part for part in rest)]) in known_paths()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _collections() -> list[str]:
    return [path for path in known_paths() if "/" not in path]


@cache
def known_paths() -> tuple[str, ...]:
    """Return the paths of the API, without a slash in front; ids are written `{id}`."""
    return tuple(dict.fromkeys(_paths(get_resolver(API_URLS).url_patterns, "")))


def _paths(patterns: Any, before: str) -> Iterator[str]:
    for each in patterns:
        route = f"{before}{PARAMETER.sub(ID, str(each.pattern))}"
        if not isinstance(each, URLPattern):
            yield from _paths(each.url_patterns, route)
        elif not route.startswith("^"):  # which answers for paths that lead nowhere
            yield route
