"""The two histories that can be exported, by their names."""

from collections.abc import Iterator

from workflows.exports.events import EventExport
from workflows.exports.horizon import settled_id
from workflows.exports.lines import Batch, Export
from workflows.exports.runs import RunExport

EXPORTS: dict[str, Export] = {"events": EventExport(), "runs": RunExport()}
WAIT_S = 60.0
"""How long commands wait for transactions that are open."""


def read_history(name: str, after: int = 0, *, limit: int | None = None) -> Iterator[Batch]:
    """
    Yield the lines of a history after a cursor; they end where it was settled at the beginning.

    :param name: events or runs.
    """
    upto = settled_id(after, wait_s=WAIT_S)
    yield from EXPORTS[name].read(after, upto, limit)
