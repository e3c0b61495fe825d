"""The line of an event: all of its columns."""

from collections.abc import Iterator, Sequence

from workflows.exports.lines import Export, Line
from workflows.models import Event

COLUMNS = [field.attname for field in Event._meta.concrete_fields]


class EventExport(Export):
    """A line for each event."""

    batch = 1_000
    mark = "event_type"

    def lines(self, events: Sequence[Event]) -> Iterator[Line]:
        """Yield the lines of some events."""
        for event in events:
            yield {"cursor": event.pk, **{name: getattr(event, name) for name in COLUMNS}}
