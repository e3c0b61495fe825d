"""The digest of an attempt's log, which the event of its end covers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from workflows.db.canonical import canonical
from workflows.models import LogPiece

FIELDS = ("offset", "text", "at")


class LogDigest(NamedTuple):
    """What an attempt keeps of its log when it ends: of the first so many characters."""

    digest: str = ""
    """Empty if it is not known what was stored."""
    length: int = 0

    def as_columns(self) -> dict[str, Any]:
        """Return it as columns of the attempt."""
        return {"log_digest": self.digest, "log_length": self.length}


UNKNOWN_LOG = LogDigest()


@dataclass(slots=True)
class RunningDigest:
    """A digest of pieces that follow each other, up to the last one so far."""

    length: int = 0
    _hash: Any = field(default_factory=sha256)

    def add(self, offset: int, text: str, at: datetime | None) -> None:
        """Add a piece."""
        line = canonical([offset, text, at])
        self._hash.update(line.encode("utf-8", "surrogatepass"))
        self.length = offset + len(text)

    def value(self) -> LogDigest:
        """Return the digest of the pieces so far."""
        return LogDigest(self._hash.hexdigest(), self.length)


def digest_of_pieces(pieces: Iterable[LogPiece]) -> LogDigest:
    """Return the digest of the whole log of one attempt."""
    running = RunningDigest()
    for piece in pieces:
        running.add(piece.offset, piece.text, piece.at)
    return running.value()


def stored_logs(attempt_ids: Collection[UUID]) -> dict[UUID, LogDigest]:
    """Return the digests of what is stored of the logs of attempts."""
    running = {attempt_id: RunningDigest() for attempt_id in attempt_ids}
    pieces = LogPiece.objects.filter(attempt__in=attempt_ids).order_by("attempt", "offset")
    for attempt_id, *columns in pieces.values_list("attempt", *FIELDS).iterator():
        running[attempt_id].add(*columns)
    return {attempt_id: each.value() for attempt_id, each in running.items()}
