"""The digest of the line that stays of a removed run, chained to that of the run removed before."""

from workflows.db.canonical import canonical, digest_of
from workflows.models import RunRecord

LINE_COLUMNS = tuple(
    field.attname for field in RunRecord._meta.concrete_fields if field.name != "line_digest"
)


def line_digest(before: str, record: RunRecord) -> str:
    """
    Return the digest of a line.

    :param before: the digest of the line before; empty for the first.
    """
    return digest_of((before, canonical([getattr(record, name) for name in LINE_COLUMNS])))
