"""What is kept of the values of a body that arrives in pieces, in bounded memory."""

import json
from io import StringIO
from itertools import islice
from sys import getsizeof
from typing import Any, NamedTuple

import regex

MOST_ITEMS = 100_000
"""How many values a value may consist of: each takes up to 200 bytes, however short it is."""
MARGIN = 64_000
"""A text keeps so much more than its log: what is left after the secrets are masked is shorter."""
KEPT_TAIL = 128_000
"""How many characters of the end of a text are kept, if the body is larger."""
STRING = r'"(?:[^"\\]++|\\.)*+"'
ITEM = regex.compile(
    r"""(?:[^",\[{]++ | "(?:[^"\\]++|\\.)*+ \\? (?:"|\Z))*+ (?:[,\[{]|\Z)""",
    regex.DOTALL | regex.VERBOSE,
)
"""
What stands before each value but the first one; names and texts may contain such signs.

It matches everywhere, also in what is no JSON: a pattern that failed would be tried at each letter.
"""
SURROGATE = regex.compile(r"[\ud800-\udfff]")


class CutText(NamedTuple):
    """A long text without its middle."""

    head: str
    dropped: int
    """How many characters are missing."""
    tail: str


class LeftOut:
    """Stands for a value that was too large, or nested too deeply, to be kept."""


def parsed(text: str) -> Any:
    """
    Return the value of a JSON text, unless it would take much more memory than its text.

    :raises ValueError: if it is no JSON, or consists of more than MOST_ITEMS values.
    """
    if has_more_items(text, MOST_ITEMS):
        raise ValueError(f"it has more than {MOST_ITEMS:,} values")
    return json.loads(text)


def has_more_items(text: str, most: int) -> bool:
    """Return True if a JSON text may consist of more values, without parsing it."""
    found = ITEM.finditer(text) if len(text) > most else iter(())
    return any(True for _ in islice(found, most, None))


class KeptText:
    """The beginning and the end of a text that arrives in pieces."""

    def __init__(self, head: int) -> None:
        """Begin without text; so many characters of the beginning are kept, and a margin."""
        self._head: list[str] = []
        self._left = head + MARGIN
        self._tail = ""
        self._dropped = 0

    def add(self, text: str) -> None:
        """Add a piece."""
        self._head.append(text[: self._left])
        tail = self._tail + text[self._left :]
        self._left = max(0, self._left - len(text))
        self._dropped += max(0, len(tail) - KEPT_TAIL)
        self._tail = tail[-KEPT_TAIL:]

    def text(self) -> str | CutText:
        """Return the text, without its middle if it was too long."""
        if not self._dropped:
            return _with_pairs_joined("".join([*self._head, self._tail]))
        head = "".join(self._head)
        return CutText(_with_pairs_joined(head), self._dropped, _with_pairs_joined(self._tail))


class KeptJson:
    """The JSON of a value that arrives in pieces."""

    def __init__(self, largest: int) -> None:
        """Begin without text; `largest` is how many bytes of it are kept."""
        self.size = 0
        """Bytes of what is kept."""
        self._largest = largest
        self._text: StringIO | None = StringIO()

    def add(self, piece: str) -> None:
        """Add a piece; from the moment at which they are too many, none is kept."""
        if self._text is None:
            return
        self.size += len(piece) if piece.isascii() else getsizeof(piece)
        if self.size <= self._largest:
            self._text.write(piece)
        else:
            self._text, self.size = None, 0

    def value(self) -> Any:
        """
        Return the value, or that it was left out.

        :raises ValueError: if it is not JSON.
        """
        if self._text is None:
            return LeftOut()
        try:
            return parsed(self._text.getvalue())
        except json.JSONDecodeError:
            raise
        except (RecursionError, ValueError):
            return LeftOut()


def _with_pairs_joined(text: str) -> str:
    """Join the halves of characters that were spelled as two escapes, in two pieces of the text."""
    if not SURROGATE.search(text):
        return text  # and take no memory for copies
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
