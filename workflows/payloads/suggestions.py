"""Suggests which known name was meant by a mistyped one."""

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


def suggested(name: str, known: Collection[str]) -> str:
    """Return the known name that was probably meant as a question, else all that are known."""
    if found := nearest(name, known):
        return f"did you mean '{found}'?"
    listed = ", ".join(list(known)[:MOST_LISTED])
    return f"known: {listed}{', …' if len(known) > MOST_LISTED else ''}" if listed else ""


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """Return what to say about a name that is none of those known."""
    return f"Unknown {what}; {meant_or_known(name, known)}."


def meant_or_known(name: str, known: Collection[str]) -> str:
    """Return which name was probably meant, if any, and all that are known."""
    meant = nearest(name, known)
    question = f"did you mean {meant}? Known" if meant else "known"
    return f"{question} are: {', '.join(known)}"
