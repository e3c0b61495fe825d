"""What to say about a path at which there is nothing: which one may be meant."""

import re
from functools import cache
from typing import Any

from django.urls import URLPattern, get_resolver

from workflows.payloads.suggestions import meant

LONGEST_SHOWN = 100
PREFIXES = re.compile(r"^(api/(v\d+/)?|v\d+/)")
"""What the paths of other APIs begin with."""
PARAMETER = re.compile(r"<[^>]+>")
NUMBER = re.compile(r"\d+")
ID = "{id}"


def nothing_at(path: str) -> str:
    """Return a sentence about a path that leads nowhere."""
    intro = f"There is nothing at {path[:LONGEST_SHOWN]}"
    wanted = PREFIXES.sub("", path.strip("/"))
    first, _, rest = wanted.partition("/")
    own_id = rest.partition("/")[0]
    if f"{first}/{ID}" in known_paths() and own_id and not own_id.isdecimal():
        return f"{intro}: the id must be a whole number, as in /{first}/1."
    if meant := _meant(wanted):
        return f"{intro}; did you mean /{meant}?"
    known = ", ".join(f"/{each}" for each in known_paths() if "/" not in each)
    return f"{intro}; known are: {known}."


def _meant(wanted: str) -> str | None:
    """Return the known path that is nearest, with the numbers of the one that was wanted."""
    numbers = NUMBER.findall(wanted)
    found = meant(NUMBER.sub(ID, wanted), known_paths())
    if found is None or found.count(ID) > len(numbers):
        return None
    for number in numbers[: found.count(ID)]:
        found = found.replace(ID, number, 1)
    return found


@cache
def known_paths() -> tuple[str, ...]:
    """Return the paths of the API, without a slash in front; ids are written `{id}`."""
    return tuple(dict.fromkeys(_paths(get_resolver("workflows.api.urls").url_patterns, "")))


def _paths(patterns: Any, before: str) -> list[str]:
    found: list[str] = []
    for each in patterns:
        route = f"{before}{PARAMETER.sub(ID, str(each.pattern))}"
        if not isinstance(each, URLPattern):
            found += _paths(each.url_patterns, route)
        elif not route.startswith("^"):  # which answers for paths that lead nowhere
            found.append(route)
    return found
