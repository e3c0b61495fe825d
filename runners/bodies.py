"""
Reads the JSON objects that hosts send, whatever their size, in bounded memory.

A body of up to LARGEST_BODY bytes is parsed as it is. Of a larger one, only the named members are
kept: a text without its middle, another value if it fits. So the status counts, however much the
task has printed. (Libraries that parse streams do not help: they return each text as a whole.)
"""

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

LARGEST_BODY = 5_000_000
"""Bytes. The same for answers to polls and for callbacks."""
PIECE = 65_536
KEPT_HEAD = 1_064_000
KEPT_TAIL = 128_000
"""
How many characters of a text are kept, if the body is larger.

More than a log keeps: what is left after the secrets are masked is shorter.
"""

SPACE = re.compile(r"[ \t\n\r]*+")
TEXT = re.compile(r'(?:[^"\\]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
SCALAR = re.compile(r'[^",\[\]{}]*+')
FLAT = r'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")'
NESTED = re.compile(rf"(?:{FLAT}|\[{FLAT}*+\]|\{{{FLAT}*+\}})*+", re.DOTALL)
LONGEST_ESCAPE = len(r"\u0000")


class CutText(NamedTuple):
    """A long text without its middle."""

    head: str
    dropped: int
    """How many characters are missing."""
    tail: str


class LeftOut:
    """Stands for a value that was too large, or nested too deeply, to be kept."""


def read_object(chunks: Iterable[bytes], is_kept: Callable[[str], bool]) -> dict[str, Any]:
    """
    Read a JSON object; bytes that are not UTF-8 become replacement characters.

    :param is_kept: tells by its name whether to keep a member of a large object.
    :raises ValueError: if it is not a JSON object.
    """
    content, rest = bytearray(), iter(chunks)
    for chunk in rest:
        content += chunk
        if len(content) > LARGEST_BODY:
            return LargeObject(chain(_pieces(content), rest), is_kept).read()
    try:
        found = json.loads(content.decode(json.detect_encoding(content), "replace"))
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):  # or a number has more digits than Python reads
        return LargeObject(_pieces(content), is_kept).read()
    if not isinstance(found, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 (the type of what was read)
    return found


def _pieces(content: bytearray) -> Iterator[bytes]:
    """Yield what has been read in small pieces: as text, the whole may need four times the room."""
    return (bytes(content[at : at + PIECE]) for at in range(0, len(content), PIECE))


class LargeObject:
    """Reads a JSON object member by member, through a window that moves over its text."""

    def __init__(self, chunks: Iterable[bytes], is_kept: Callable[[str], bool]) -> None:
        self._chunks: Iterator[str] = codecs.iterdecode(chunks, "utf-8-sig", "replace")
        self._is_kept = is_kept
        self._window, self._at = "", 0

    def read(self) -> dict[str, Any]:
        """
        Return the members to keep.

        :raises ValueError: if it is not a JSON object.
        """
        found = {}
        self._take_one_of("{")
        is_open = True
        while is_open:
            name = self._read_text()
            self._take_one_of(":")
            value = self._read_text() if self._next() == '"' else self._read_other()
            if isinstance(name, str) and self._is_kept(name):
                found[name] = value
            is_open = self._take_one_of(",}") == ","
        if self._next():
            raise ValueError("there is something after the object")
        return found

    def _read_text(self) -> str | CutText:
        kept = _KeptText()
        for piece in self._pieces_of_text():
            kept.add(json.loads(f'"{piece}"', strict=False))
        return kept.text()

    def _read_other(self) -> Any:
        """Read a number, a list and the like, which is parsed as soon as its end is found."""
        kept = _KeptJson()
        depth = 0
        while True:
            kept.add(self._take(NESTED if depth else SCALAR))
            following = self._window[self._at : self._at + 1]
            if not following:
                self._move_window()
            elif following in ",}" and not depth:
                return kept.value()
            elif following == '"' and depth:  # a text that is not in the window as a whole
                kept.add('"', *self._pieces_of_text(), '"')
            else:
                kept.add(self._take_one_of("[{}]"))
                depth += 1 if following in "[{" else -1
                if not depth:
                    return kept.value()

    def _pieces_of_text(self) -> Iterator[str]:
        """Yield the text that follows piece by piece, with its escapes and without its quotes."""
        self._take_one_of('"')
        while True:
            yield self._take(TEXT)
            if self._window[self._at : self._at + 1] == '"':
                self._at += 1
                return
            if len(self._window) - self._at >= LONGEST_ESCAPE:
                raise ValueError("there is a wrong escape in a text")
            self._move_window()

    def _take_one_of(self, allowed: str) -> str:
        following = self._next()
        if not following or following not in allowed:
            raise ValueError(f"expected one of {allowed}, found '{following}'")
        self._at += 1
        return following

    def _next(self) -> str:
        """Skip white space and return the character that follows; nothing at the end."""
        self._take(SPACE)
        while self._at == len(self._window) and (chunk := next(self._chunks, "")):
            self._window, self._at = chunk, 0
            self._take(SPACE)
        return self._window[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._window, self._at)
        self._at = found.end() if found else self._at
        return found.group() if found else ""

    def _move_window(self) -> None:
        chunk = next(self._chunks, "")
        if not chunk:
            raise ValueError("it ends too early")
        self._window, self._at = self._window[self._at :] + chunk, 0


class _KeptText:
    """The beginning and the end of a text that arrives in pieces."""

    def __init__(self) -> None:
        self._head: list[str] = []
        self._left = KEPT_HEAD
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
        head = "".join(self._head)
        if not self._dropped:
            return _with_pairs_joined(head + self._tail)
        return CutText(_with_pairs_joined(head), self._dropped, _with_pairs_joined(self._tail))


class _KeptJson:
    """The JSON of a value that arrives in pieces."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0

    def add(self, *pieces: str) -> None:
        """Add pieces; from the moment at which they are too many, none is kept."""
        self._size += sum(map(len, pieces))
        if self._size <= LARGEST_BODY:
            self._pieces += pieces
        else:
            self._pieces.clear()

    def value(self) -> Any:
        """
        Return the value, or that it was left out.

        :raises ValueError: if it is not JSON.
        """
        if self._size > LARGEST_BODY:
            return LeftOut()
        try:
            return json.loads("".join(self._pieces))
        except json.JSONDecodeError:
            raise
        except (RecursionError, ValueError):
            return LeftOut()


def _with_pairs_joined(text: str) -> str:
    """Join the halves of characters that were spelled as two escapes, in two pieces of the text."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
