"""The digest of the line that stays of a removed run, chained to that of the run removed before."""

from workflows.db.canonical import canonical, digest_of
from workflows.models import Event, RunRecord
from workflows.runs.locks import LARGEST_ID

NO_RUN = 0
"""Stands for a run where there is none."""
LATER_COLUMNS = ("trial",)
"""Columns that earlier releases have not: null leaves a digest as they made it."""
LINE_COLUMNS = tuple(
    field.attname for field in RunRecord._meta.concrete_fields if field.name != "line_digest"
)


def line_digest(before: str, record: RunRecord) -> str:
    """
    Return the digest of a line.

    :param before: the digest of the line before; empty for the first.
    """
    of_all = [getattr(record, name) for name in LINE_COLUMNS if name not in LATER_COLUMNS]
    later = {name: getattr(record, name) for name in LATER_COLUMNS}
    known = {name: value for name, value in later.items() if value is not None}
    return digest_of((before, canonical([*of_all, *([known] if known else [])])))


def removed_run(event: Event) -> int:
    """Return the run whose removal an event tells of; NO_RUN if it names none."""
    run_id = event.payload.get("run_id") if isinstance(event.payload, dict) else None
    return run_id if type(run_id) is int and 0 < run_id <= LARGEST_ID else NO_RUN
