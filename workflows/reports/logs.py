"""The log of an attempt, bounded: its beginning is stored as it comes, its end afterwards."""

import codecs
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from runners.conf import kept_log_head
from workflows.models import LogPiece
from workflows.models.attempt import LARGEST_PIECE, TAIL
from workflows.payloads.secrets import Mask, Secrets
from workflows.runs.log_digest import LogDigest, RunningDigest


class AttemptLog:
    """The log of one attempt while it is being executed."""

    def __init__(self, attempt_id: UUID, *, secrets: Secrets | Iterable[str] = ()) -> None:
        """Begin an empty log; these secrets will be masked in it."""
        self._attempt_id = attempt_id
        self._mask = Mask(secrets)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._head: list[str] = []
        self._head_left = kept_log_head()
        self._stored = 0
        self._digest = RunningDigest()
        self._first_at: datetime | None = None  # when the first text of the next pieces arrived
        self._tail = ""
        self._tail_at: datetime | None = None
        self._dropped = 0
        self._unsafe = 0

    def write(self, output: bytes) -> None:
        """Add output; bytes that are not UTF-8 become replacement characters."""
        self._append(self._mask.pass_on(self._decoder.decode(output)))

    def skip(self, characters: int) -> None:
        """
        Count characters that are missing here; what follows belongs to the end of the log.

        A secret may have been divided: what may be its beginning and its end is missing, too.
        """
        self._dropped += len(self._tail) + characters + self._mask.drop_held()
        self._tail = ""
        self._head_left = 0
        self._unsafe = self._mask.longest

    def pieces(self) -> list[LogPiece]:
        """Return what has not been returned yet, as rows to be stored."""
        text, self._head = "".join(self._head), []
        at, self._first_at = self._first_at, None
        pieces = [
            LogPiece(
                attempt_id=self._attempt_id,
                offset=self._stored + start,
                text=text[start : start + LARGEST_PIECE],
                at=at,
            )
            for start in range(0, len(text), LARGEST_PIECE)
        ]
        self._stored += len(text)
        for piece in pieces:
            self._digest.add(piece.offset, piece.text, piece.at)
        return pieces

    @property
    def digest(self) -> LogDigest:
        """The digest of everything that was returned as pieces."""
        return self._digest.value()

    def last_pieces(self) -> list[LogPiece]:
        """Return the rest: how much was cut, if anything, and then the end of the log."""
        self._append(self._mask.pass_on(self._decoder.decode(b"", final=True), final=True))
        if self._dropped:
            self._head.append(f"\n[… {self._dropped:,} characters were cut here …]\n")
        self._head.append(self._tail)
        self._first_at = self._first_at or self._tail_at
        self._tail = ""
        return self.pieces()

    def _append(self, text: str) -> None:
        text, unsafe = text[self._unsafe :], text[: self._unsafe]
        self._unsafe -= len(unsafe)
        self._dropped += len(unsafe)
        text = text.replace("\0", "\ufffd")  # PostgreSQL cannot store it
        left = self._head_left
        if head := text[:left]:
            self._head.append(head)
            self._head_left -= len(head)
            self._first_at = self._first_at or timezone.now()
        if text[left:]:
            self._tail_at = timezone.now()
        tail = self._tail + text[left:]
        self._dropped += max(0, len(tail) - TAIL)
        self._tail = tail[-TAIL:]
