"""
The history as JSON lines, in the order of the events' ids.

Each line is about one event, whose id is its `cursor`: whoever goes on after the cursor of the last
whole line that he has misses nothing, and gets nothing twice.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

from django.db.models import Q, QuerySet

from workflows.models import Event

Line = dict[str, Any]
# While its statistics are old, PostgreSQL reads all that a statement may look at, and sorts it,
# before it returns the first rows.
REACH = 20_000
"""How many ids one statement looks at: few events are the end of a run."""
MOST_LOOKS = 50
"""How often one looks for the lines of a page: it may have fewer than there are."""


class Batch(NamedTuple):
    """Some lines, and the cursor with which to go on after them."""

    text: str
    lines: int
    cursor: int


class Export(ABC):
    """The lines of one kind."""

    batch: ClassVar[int]
    """How many of its events are read, and kept in memory, at a time."""
    mark: ClassVar[str]
    """A name that lines of this kind have, and others have not."""
    about: ClassVar[Q] = Q()
    """Which events have such lines."""

    @abstractmethod
    def lines(self, events: Sequence[Event]) -> Iterator[Line]:
        """Yield the lines of some events."""

    def read(self, after: int, upto: int, limit: int | None = None) -> Iterator[Batch]:
        """Yield the lines after a cursor up to another, each batch by statements of its own."""
        while after < upto and limit != 0:
            most = self.batch if limit is None else min(self.batch, limit)
            reach = _reach(after, upto)
            events = list(self._events(after, reach)[:most])
            after = events[-1].pk if len(events) == most else reach
            lines = list(map(_as_text, self.lines(events)))
            limit = None if limit is None else limit - len(lines)
            yield Batch("".join(lines), len(lines), after)

    def end_of_page(self, after: int, upto: int, limit: int) -> int:
        """Return a cursor up to which there are at most so many lines, perhaps fewer."""
        for _ in range(MOST_LOOKS):
            if after >= upto:
                break
            reach = _reach(after, upto)
            found = list(self._events(after, reach).values_list("pk", flat=True)[:limit])
            if len(found) == limit:
                return found[-1]
            after, limit = reach, limit - len(found)
        return after

    def _events(self, after: int, upto: int) -> QuerySet[Event]:
        return Event.objects.filter(self.about, pk__gt=after, pk__lte=upto).order_by("pk")


def _reach(after: int, upto: int) -> int:
    """Return up to which event one statement looks; ids of which no event is left are skipped."""
    first = Event.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:1]
    return min(upto, next(iter(first), upto) + REACH)


def _as_text(line: Line) -> str:
    text = ENCODER.encode(line)
    # A lone surrogate, which somebody has stored by hand, is written as JSON escapes it.
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def _as_json(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_as_json)
