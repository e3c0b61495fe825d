"""The end of an attempt's log."""

from typing import Any

from django.db.models import Subquery

from workflows.models import TaskAttempt
from workflows.models.attempt import LARGEST_PIECE

CHARACTERS_SHOWN = 32_000
"""How many of the last characters of a log a page shows; a link leads to the whole log."""


def log_end(attempt: TaskAttempt, most: int = CHARACTERS_SHOWN) -> dict[str, Any]:
    """Return the end of an attempt's log, and how many characters come before it."""
    # A piece may be one line or many pages: all that begin near the end are read, by one statement.
    last = attempt.log_pieces.order_by("-offset").values("offset")[:1]
    near_end = Subquery(last) - most - LARGEST_PIECE
    pieces = attempt.log_pieces.order_by("offset").filter(offset__gt=near_end)
    found = list(pieces.values_list("offset", "text"))
    text = "".join(text for _, text in found)
    shown = text[-most:]
    return {"text": shown, "before": found[0][0] + len(text) - len(shown) if found else 0}
