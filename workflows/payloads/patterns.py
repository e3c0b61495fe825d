"""Patterns of JSON Schemas: searched under a limit of time and memory, unlike with `re`."""

import re
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import regex

from workflows.payloads.budget import TooCostly, Uncheckable, budget, limited

LONGEST_PATTERN = 1_000
LONGEST_SEARCHED = 100_000
"""Characters of a text that is compared with a pattern: the search keeps its way back in memory."""
MOST_EXPANDED = 5_000
"""Characters of a pattern with its counted repeats written out, as it is compiled."""
PROBE_SECONDS = 0.25
"""Of computing, for all texts on which a pattern is tried when it is saved."""
PROBE_LENGTH = 60
PROBE_CHARACTERS = "a0A._-/:@ ,"
PARTS = re.compile(
    r"(?P<escape>\\N\{[^}]*\}|\\.)|(?P<comment>\(\?#[^)]*\))"
    r"|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<count>\{(?!\})(?P<least>\d*)(?P<most>,\d*)?\})|(?P<other>.)",
    re.DOTALL,
)
IN_SET = re.compile(r"(\\.)|\[", re.DOTALL)
VERBOSE = re.compile(r"\(\?[aiLmsu]*x")


class PatternRefused(Uncheckable):
    """The pattern is not available."""


def matches(pattern: str, text: str) -> bool:
    """
    Return True if a pattern is found in a text.

    :raises TooCostly: if that takes longer than the budget of this validation allows.
    :raises PatternRefused: if the pattern is not available.
    """
    if len(text) > LONGEST_SEARCHED:
        raise TooCostly(
            f"a text of more than {LONGEST_SEARCHED:,} characters is not compared with a pattern"
        )
    try:
        found = compiled(pattern).search(text, timeout=budget().seconds_left(), concurrent=True)
    except (TimeoutError, MemoryError) as exc:
        raise TooCostly(f"the pattern {pattern[:80]!r} takes too long") from exc
    return found is not None


@lru_cache(maxsize=500)
def compiled(pattern: str) -> Any:
    """
    Return a pattern as `re` reads it, compiled by `regex`, whose searches have a time limit.

    :raises PatternRefused: if it is wrong, or compiles to too much.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise PatternRefused(f"a pattern has at most {LONGEST_PATTERN:,} characters")
    if VERBOSE.search(pattern):
        raise PatternRefused("the flag x is not available in a pattern")
    try:
        with warnings.catch_warnings():
            # Of sets that a later Python may read in another way.
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(pattern)
        parts = list(PARTS.finditer(pattern))
        if _expanded(parts) > MOST_EXPANDED:
            raise PatternRefused(
                f"the repeats of {pattern[:80]!r} are too many; use smaller counts"
            )
        return regex.compile("".join(map(_as_in_re, parts)), regex.V0, cache_pattern=False)
    except (re.error, regex.error, OverflowError, RecursionError) as exc:
        raise PatternRefused(f"{pattern[:80]!r} is not a pattern: {exc}") from exc


def probe(pattern: str) -> str | None:
    """
    Return a short text on which a pattern takes too long; None if none was found.

    :raises PatternRefused: if the pattern is not available.
    :raises TooCostly: if the patterns before it have taken too long.
    """
    with limited(min(PROBE_SECONDS, budget().seconds_left())):
        return next((text for text in _probes(pattern) if not _is_quick(pattern, text)), None)


def _is_quick(pattern: str, text: str) -> bool:
    try:
        matches(pattern, text)
    except TooCostly:
        return False
    return True


def _probes(pattern: str) -> Iterator[str]:
    """Yield texts that nearly match: one character or two, many times, and a wrong end."""
    letters = list(dict.fromkeys([*PROBE_CHARACTERS, *_letters(pattern)[:20]]))
    for first in letters:
        yield first * PROBE_LENGTH + "\n!"
    for second in letters[1:]:
        yield f"a{second}" * (PROBE_LENGTH // 2) + "\n!"


def _letters(pattern: str) -> Sequence[str]:
    return [part[0] for part in PARTS.finditer(pattern) if part["other"]]


def _as_in_re(part: "re.Match[str]") -> str:
    """
    Return a part of a pattern so that `regex` reads it as `re` does.

    A brace that counts nothing is itself, not an approximate match, and a bracket in a set begins
    no class.
    """
    if part["set"]:
        return "[" + IN_SET.sub(lambda found: found[1] or r"\[", part["set"][1:])
    if part["count"]:
        most = f",{part['least']}" if part["most"] is None else part["most"]
        return f"{{{part['least'] or 0}{most}}}"
    return r"\{" if part[0] == "{" else part[0]


def _expanded(parts: Sequence["re.Match[str]"]) -> int:
    """Return how long a pattern is with its counted repeats written out, as `regex` does."""
    groups: list[list[int]] = [[0]]
    for part in parts:
        if part[0] == "(":
            groups.append([0])
        elif part[0] == ")" and len(groups) > 1:
            size = sum(groups.pop())
            groups[-1].append(size + 1)
        elif part["count"]:
            groups[-1][-1] *= max(1, int(part["least"] or 0))
        else:
            groups[-1].append(1)
    return sum(map(sum, groups))
