"""What an export yields."""

import json
from typing import Any

from workflows.exports.history import read_history


def exported(name: str, after: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the lines of a history after a cursor."""
    text = "".join(batch.text for batch in read_history(name, after, limit=limit))
    return [json.loads(line) for line in text.split("\n")[:-1]]


def ids(after: int = 0) -> list[int]:
    """Return the ids of the events that are exported after a cursor."""
    return [line["id"] for line in exported("events", after)]
