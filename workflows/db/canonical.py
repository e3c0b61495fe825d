"""
The canonical form of values: one text, whichever database has stored them.

A digest over stored values must be the same before they are written and after they are read, also
after a move to the other database. PostgreSQL orders the keys of JSON anew, and writes its numbers
in another way (`1e22` as 10000000000000000000000, `-0.0` as 0.0); SQLite keeps the text. So keys
are sorted, and a number without a fraction is written as an integer.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

MAY_BE_FLOAT = re.compile(r"[\[,:]-?\d+[.e]")


def canonical(value: Any) -> str:
    """Return the canonical form of JSON data, which may contain moments and UUIDs, in one line."""
    text = ENCODER.encode(value)
    # Numbers are looked at only if there may be one with a fraction: going through a value takes
    # three times as long as writing it.
    return ENCODER.encode(_plain(value)) if MAY_BE_FLOAT.search(f":{text}") else text


def digest_of(texts: Iterable[str]) -> str:
    """Return the digest of texts that contain no line ends."""
    return sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=10_000)
def jsonb_text(text: str) -> str:
    """
    Return JSON as PostgreSQL writes a jsonb value.

    That is another canonical form, for rows so many that the database has to write them. What is no
    JSON, too deep to be read, or a text that cannot be encoded, can only have been written by hand,
    and stays as it is.
    """
    try:
        written = _as_jsonb(json.loads(text, parse_float=Decimal))
        written.encode()
    except (RecursionError, ValueError):
        return text
    return written


def as_moment(stored: datetime | str) -> datetime:
    """Return a moment as hand-written SQL has read it: what has no zone is in UTC, from SQLite."""
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=1_000)
def moment_text(moment: datetime) -> str:
    """Return the canonical form of a moment, to the millisecond: `dumpdata` writes no more."""
    # Without colons: with them it would look like a number with a fraction, to be looked at.
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace(":", "")


def _as_jsonb(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return f"{{{', '.join(f'{_as_jsonb(key)}: {_as_jsonb(value[key])}' for key in keys)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_jsonb, value))}]"
    if isinstance(value, Decimal):
        return f"{value:f}" if value else f"{abs(value):f}"
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return int(Decimal(repr(value))) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, list | tuple) else value


def _as_text(value: Any) -> str:
    return moment_text(value) if isinstance(value, datetime) else str(value)


ENCODER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_as_text
)
