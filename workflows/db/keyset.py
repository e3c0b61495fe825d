"""Pages that begin where the one before ended, found by the columns that a list is ordered by."""

from collections.abc import Sequence
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet


class UnknownCursor(Exception):
    """The text is no cursor of this list, or the list is ordered in another way now."""


class Keyset:
    """
    The rows before and behind one row of a list, which a cursor names.

    Reading them costs the same however far back they are, and rows that are inserted or removed
    meanwhile make no other row come twice or not at all.
    """

    def __init__(self, rows: QuerySet[Any]) -> None:
        """Take a list that is ordered by one or two columns, in one direction."""
        order = [str(name) for name in rows.query.order_by or rows.model._meta.ordering]
        self._is_descending = order[0].startswith("-")
        self._names = [name.removeprefix("-") for name in order]
        self._rows = rows
        # Signed: nothing but what was a row of this list is ever compared with its columns.
        self._signer = Signer(salt=f"cursor {rows.model._meta.label} {order}")

    def cursor(self, row: Model, *, backwards: bool = False) -> str:
        """Return the cursor of the rows behind a row, or of those before it."""
        key = [getattr(row, name) for name in self._names]
        texts = [each if isinstance(each, int) else str(each) for each in key]
        return self._signer.sign_object([backwards, *texts])

    def page(self, cursor: str, size: int) -> tuple[list[Any], bool]:
        """
        Return the page that a cursor names, and whether it is one before the row.

        :raises UnknownCursor: if it does not belong to this list.
        """
        try:
            backwards, *key = self._signer.unsign_object(cursor)
        except (BadSignature, ValueError) as exc:
            raise UnknownCursor from exc
        rows = self._rows.filter(self._beyond(key, ascending=self._is_descending == backwards))
        found = list((rows.reverse() if backwards else rows)[:size])
        return found, backwards

    def _beyond(self, key: Sequence[Any], *, ascending: bool) -> Q:
        word = "gt" if ascending else "lt"
        first, *others = [
            Q(**{f"{name}__{word}": value}) for name, value in zip(self._names, key, strict=True)
        ]
        if not others:
            return first
        # The first condition alone is one that an index can begin with.
        begin = Q(**{f"{self._names[0]}__{word}e": key[0]})
        return begin & (first | others[0])
