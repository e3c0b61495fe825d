"""
The syntax of searches: `state:failed label:team=data param:day=2026-11-27 -by:anna "free text"`.

Words are separated by spaces and must all fit. Quotes keep spaces, a minus excludes. Several words
with the same key are alternatives: `state:failed state:aborted`.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from workflows.errors import WorkflowError
from workflows.models.view import LONGEST_QUERY
from workflows.payloads.suggestions import suggested

MOST_TERMS = 30
TERM = re.compile(
    r"""(?P<minus>-)?(?:(?P<key>[^\W\d]\w*):)?(?P<value>(?:"(?:[^"\\]|\\.)*"|[^\s"])+)""", re.DOTALL
)
PAIR = re.compile(r'[^\s"=]+=')
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
WITH_NAMES = ("label", "param")
"""Keys whose values are NAME=VALUE: `label:team=data`; each name is a key of its own."""


class BadSearch(WorkflowError):
    """The search cannot be understood; the message names the word and the remedy."""

    code = "bad_search"

    @property
    def sentence(self) -> str:
        """The message as a sentence; some end with a question."""
        return self.detail if self.detail.endswith("?") else f"{self.detail}."


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a search."""

    key: str
    """Empty for free text."""
    value: str
    is_excluded: bool = False

    @property
    def group(self) -> tuple[str, ...]:
        """What is the same for alternatives; each word of free text must fit by itself."""
        name = self.value.partition("=")[0] if self.key in WITH_NAMES else ""
        return (self.key, name) if self.key else ("", self.value)

    def __str__(self) -> str:
        return f"{self.key}:{self.value}" if self.key else self.value


def parse(text: str, keys: Collection[str]) -> list[Term]:
    """
    Return the words of a search.

    :param keys: those that are known.
    :raises BadSearch: naming a key that is unknown or has no value, or a quote that does not end.
    """
    if len(text) > LONGEST_QUERY:
        raise BadSearch(f"The search has {len(text):,} characters; at most {LONGEST_QUERY:,}")
    if "\0" in text:
        raise BadSearch("The search contains a NUL character; leave it out")
    terms, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        terms.append(_term_at(text, at, keys))
        at = _end_of_term(text, at)
    if len(terms) > MOST_TERMS:
        raise BadSearch(f"The search has {len(terms)} words; at most {MOST_TERMS}")
    return terms


def quoted(value: str) -> str:
    """Return a value as it is typed: in quotes where it has spaces or quotes."""
    if value and not re.search(r'[\s"\\]', value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _term_at(text: str, at: int, keys: Collection[str]) -> Term:
    found = TERM.match(text, at)
    rest = text[at:].split()[0]
    if found is None or text[found.end() : found.end() + 1] == '"':
        if '"' in rest:
            raise BadSearch(f"{rest}: the quotation mark has no end; add it, or leave it out")
        raise BadSearch(f"{rest} has no value; write it behind the colon, as in state:failed")
    key = (found["key"] or "").lower()
    if key and key not in keys:
        remedy = "words with a colon go into quotes"
        raise BadSearch(f"{key}: is no key of a search ({remedy}); {suggested(key, keys)}")
    if not key and re.fullmatch(r"-?[^\W\d]\w*:", found[0]):
        raise BadSearch(f"{rest} has no value; write it behind the colon, as in state:failed")
    if not key and PAIR.match(found["value"]):
        pair = found["value"]
        remedy = f"write param:{pair} or label:{pair}; in quotes it is text"
        raise BadSearch(f"{pair} may be a parameter or a label; {remedy}")
    return Term(key, _unquoted(found["value"]), bool(found["minus"]))


def _end_of_term(text: str, at: int) -> int:
    found = TERM.match(text, at)
    return found.end() if found else len(text)


def _unquoted(value: str) -> str:
    return QUOTED.sub(lambda found: re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), value)
