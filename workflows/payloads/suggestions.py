"""Suggests which known name was meant by a mistyped one."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from itertools import islice

LONGEST_COMPARED = 100
"""Characters of a name in which a mistyped one is looked for."""
SIMILAR = 0.75
"""How similar two names are, of which one is taken for a mistyped other; 1 is the same."""
MOST_COMPARED = 100
"""Names with which a mistyped one is compared: a large template may have many of both."""
MOST_LISTED = 30


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a mistyped one probably means."""
    by_small_letters = {each.casefold(): each for each in islice(known, MOST_COMPARED)}
    small = name.casefold()[:LONGEST_COMPARED]
    found = get_close_matches(small, by_small_letters, 1, SIMILAR)
    return by_small_letters[found[0]] if found else None


def meant(name: str, known: Collection[str]) -> str | None:
    """Return the nearest known name, else the only one with these words: `run_id` for `id`."""
    if found := nearest(name, known):
        return found
    part = re.escape(name[:LONGEST_COMPARED])
    words = re.compile(rf"(?<![a-z0-9]){part}(?![a-z0-9])", re.IGNORECASE)
    whole = sorted(filter(words.search, islice(known, MOST_COMPARED)), key=len) if part else []
    return whole[0] if whole and all(whole[0] in each for each in whole) else None


def suggested(name: str, known: Collection[str]) -> str:
    """Return the known name that was probably meant as a question, else all that are known."""
    if found := meant(name, known):
        return f"did you mean '{found}'?"
    listed = ", ".join(list(known)[:MOST_LISTED])
    return f"known: {listed}{', …' if len(known) > MOST_LISTED else ''}" if listed else ""


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """Return what to say about a name that is none of those known."""
    return f"Unknown {what}; {meant_or_known(name, known)}."


def meant_or_known(name: str, known: Collection[str]) -> str:
    """Return which name was probably meant, if any, and all that are known."""
    found = meant(name, known)
    question = f"did you mean {found}? Known" if found else "known"
    return f"{question} are: {', '.join(known)}"
