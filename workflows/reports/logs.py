"""What an attempt prints, bounded: the beginning as it comes, the end once it is over."""

import codecs
from collections.abc import Iterable
from uuid import UUID

from workflows.models import LogPiece
from workflows.payloads.secrets import Mask

LARGEST_PIECE = 32_000
HEAD = 1_000_000
TAIL = 64_000
"""Characters kept of the beginning and of the end; what lies between is counted and dropped."""


class AttemptLog:
    """The log of one attempt while it is being executed."""

    def __init__(self, attempt_id: UUID, *, secrets: Iterable[str] = ()) -> None:
        """Begin an empty log, in which these values will be masked."""
        self._attempt_id = attempt_id
        self._mask = Mask(secrets)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._head: list[str] = []
        self._head_length = 0
        self._stored = 0
        self._tail = ""
        self._dropped = 0

    def write(self, output: bytes) -> None:
        """Take over what was printed; bytes that are no UTF-8 are shown as replacement marks."""
        self._take(self._mask.pass_on(self._decoder.decode(output)))

    def pieces(self) -> list[LogPiece]:
        """Return what has not been stored yet, as rows to be stored now."""
        text, self._head = "".join(self._head), []
        pieces = [
            LogPiece(
                attempt_id=self._attempt_id,
                offset=self._stored + start,
                text=text[start : start + LARGEST_PIECE],
            )
            for start in range(0, len(text), LARGEST_PIECE)
        ]
        self._stored += len(text)
        return pieces

    def last_pieces(self) -> list[LogPiece]:
        """Return the rest: what was cut is said where it was cut, and the end follows."""
        self._take(self._mask.pass_on(self._decoder.decode(b"", final=True), final=True))
        if self._dropped:
            self._head.append(f"\n[… {self._dropped:,} characters were cut here …]\n")
        self._head.append(self._tail)
        self._tail = ""
        return self.pieces()

    def _take(self, text: str) -> None:
        text = text.replace("\0", "\ufffd")  # PostgreSQL cannot store it
        room = max(0, HEAD - self._head_length)
        if head := text[:room]:
            self._head.append(head)
            self._head_length += len(head)
        tail = self._tail + text[room:]
        self._dropped += max(0, len(tail) - TAIL)
        self._tail = tail[-TAIL:]
