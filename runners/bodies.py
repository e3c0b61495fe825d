"""
Reads the JSON objects that hosts send, whatever their size, in bounded memory.

A body of up to SMALL_BODY bytes is parsed as it is. Of a larger one, or one of very many values,
only the named members are kept: a text without its middle, another value if it fits. So the status
counts, however much the task has printed. (Libraries that parse streams do not help: they return
each text as a whole.) What takes more than a few seconds to read is refused.
"""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from sys import getsizeof
from typing import Any

import regex

from runners.conf import kept_log_head
from runners.kept_values import STRING, CutText, KeptJson, KeptText, LeftOut, parsed

SMALL_BODY = 1_000_000
"""Bytes. The same for answers to polls and for callbacks."""
LARGEST_VALUE = 5_000_000
"""Bytes of a value that is kept of a larger body."""
ROOM = 2 * LARGEST_VALUE
"""Bytes that all values take which are kept of a larger body, as they stand in memory."""
MOST_MEMBERS = 10_000
MOST_KEPT = 100
"""How many members a larger body may have, and how many of them are kept."""
MOST_STEPS = 500_000
"""How often a larger body is looked at: about two seconds. 100 MB of output take 10,000 looks."""
PIECE = 65_536

# Not `re`: before Python 3.11.5 it gives up too early in groups that are repeated possessively.
SPACE = regex.compile(r"[ \t\n\r]*+")
TEXT = regex.compile(r'(?:[^"\\]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
SCALAR = regex.compile(r'[^",\[\]{}]*+')
LEVELS = 6
"""Lists and objects that are nested less deeply are taken as a whole, which is fast."""


def _nested(levels: int) -> str:
    inner = _nested(levels - 1) if levels else ""
    deeper = rf"|\[{inner}\]|\{{{inner}\}}" if levels else ""
    return rf'(?:[^"\[\]{{}}]++|{STRING}{deeper})*+'


NESTED = regex.compile(_nested(LEVELS), regex.DOTALL)
OPENING = regex.compile(r"[\[{]++")
CLOSING = regex.compile(r"[\]}]++")
LONGEST_ESCAPE = len(r"\u0000")


def read_object(chunks: Iterable[bytes], is_kept: Callable[[str], bool]) -> dict[str, Any]:
    """
    Read a JSON object; bytes that are not UTF-8 become replacement characters.

    :param is_kept: tells by its name whether to keep a member of a large object.
    :raises ValueError: if it is not a JSON object.
    """
    content, rest = bytearray(), iter(chunks)
    for chunk in rest:
        content += chunk
        if len(content) > SMALL_BODY:
            return LargeObject(chain(_pieces(content), rest), is_kept).read()
    try:
        found = parsed(content.decode(json.detect_encoding(content), "replace"))
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


class JsonWindow:
    """A window that moves over the text of a body."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        """Begin before the first chunk."""
        self._chunks: Iterator[str] = codecs.iterdecode(chunks, "utf-8-sig", "replace")
        self._window, self._at = "", 0
        self._steps = 0

    @property
    def following(self) -> str:
        """The next character; nothing at the end of the window."""
        return self._window[self._at : self._at + 1]

    def skip_space(self) -> str:
        """Skip white space and return the character that follows; nothing at the end."""
        self.take(SPACE)
        while self._at == len(self._window) and (chunk := next(self._chunks, "")):
            self._window, self._at = chunk, 0
            self.take(SPACE)
        return self.following

    def take(self, pattern: regex.Pattern[str], *, most: int | None = None) -> str:
        """Return what matches here, or the first characters of it, and move behind it."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise ValueError("it takes too long to read")
        found = pattern.match(self._window, self._at)
        text = found.group()[:most] if found else ""
        self._at += len(text)
        return text

    def take_one_of(self, allowed: str) -> str:
        """Skip white space and return the character that follows, which must be one of these."""
        following = self.skip_space()
        if not following or following not in allowed:
            raise ValueError(f"expected one of {allowed}, found '{following}'")
        self._at += 1
        return following

    def take_text(self) -> Iterator[str]:
        """Yield the text that follows piece by piece, with its escapes and without its quotes."""
        self.take_one_of('"')
        while True:
            yield self.take(TEXT)
            if self.following == '"':
                self._at += 1
                return
            if len(self._window) - self._at >= LONGEST_ESCAPE:
                raise ValueError("there is a wrong escape in a text")
            self.move()

    def move(self) -> None:
        """Show the next chunk, too."""
        chunk = next(self._chunks, "")
        if not chunk:
            raise ValueError("it ends too early")
        self._window, self._at = self._window[self._at :] + chunk, 0


class LargeObject:
    """Reads a JSON object member by member."""

    def __init__(self, chunks: Iterable[bytes], is_kept: Callable[[str], bool]) -> None:
        """Begin before the first chunk; `is_kept` tells by its name whether to keep a member."""
        self._window = JsonWindow(chunks)
        self._is_kept = is_kept
        self._found: dict[str, Any] = {}
        self._room = ROOM

    def read(self) -> dict[str, Any]:
        """
        Return the members to keep.

        :raises ValueError: if it is not a JSON object, or takes too long to read.
        """
        self._window.take_one_of("{")
        for _ in range(MOST_MEMBERS):
            self._read_member()
            if self._window.take_one_of(",}") == "}":
                break
        else:
            raise ValueError(f"it has more than {MOST_MEMBERS:,} members")
        if self._window.skip_space():
            raise ValueError("there is something after the object")
        return self._found

    def _read_member(self) -> None:
        name = self._read_text()
        self._window.take_one_of(":")
        is_wanted = isinstance(name, str) and self._is_kept(name) and len(self._found) < MOST_KEPT
        if self._window.skip_space() == '"':
            text = self._read_text()
            size = sum(map(getsizeof, text[::2])) if isinstance(text, CutText) else getsizeof(text)
            value: Any = text if size <= self._room else LeftOut()
        else:
            # What is not wanted must be JSON all the same, as far as it is looked at.
            kept = KeptJson(min(LARGEST_VALUE, self._room) if is_wanted else PIECE)
            self._read_other(kept)
            value, size = kept.value(), kept.size
        if is_wanted:
            self._found[str(name)] = value
            self._room -= min(size, self._room)

    def _read_text(self) -> str | CutText:
        kept = KeptText(kept_log_head())
        for piece in self._window.take_text():
            kept.add(json.loads(f'"{piece}"', strict=False))
        return kept.text()

    def _read_other(self, kept: KeptJson) -> None:
        """Read a number, a list and the like up to its end."""
        depth = 0
        while True:
            kept.add(self._window.take(NESTED if depth else SCALAR))
            following = self._window.following
            if not following:
                self._window.move()
            elif following in ",}" and not depth:
                return
            elif following == '"' and depth:  # a text that is not in the window as a whole
                for piece in chain('"', self._window.take_text(), '"'):
                    kept.add(piece)
            else:
                depth = self._read_brackets(kept, depth)
                if not depth:
                    return

    def _read_brackets(self, kept: KeptJson, depth: int) -> int:
        """Read the brackets that follow, not beyond the end of the value; return the depth."""
        if opening := self._window.take(OPENING):
            kept.add(opening)
            return depth + len(opening)
        closing = self._window.take(CLOSING, most=depth)
        if not closing:
            raise ValueError("expected a value")
        kept.add(closing)
        return depth - len(closing)
