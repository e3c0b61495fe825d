"""
Text in logs: PostgreSQL only, and only in the logs of few runs.

An index over what tasks print would cost more than printing: it is read instead, for a short time.
"""

from collections.abc import Sequence

from django.db import OperationalError
from django.db.models import Q

from runners import transaction
from runners.database import connection
from workflows.db.refusals import is_passing
from workflows.models import LogPiece
from workflows.search.keys import Runs
from workflows.search.syntax import BadSearch, Term

LOG = "log"
"""The key of these words."""
MOST_RUNS = 100
"""The logs of so many runs are read, the newest of those that fit otherwise."""
LONGEST_S = 3
"""How long reading may take."""


def runs_with_log(terms: Sequence[Term], runs: Runs) -> list[int]:
    """
    Return the newest of these runs whose logs have one of the texts, as it is written.

    :raises BadSearch: if that takes too long, or is not possible.
    """
    if connection.vendor != "postgresql":
        raise BadSearch("log: only PostgreSQL searches logs, and this is SQLite; leave it out")
    if any(term.is_excluded for term in terms):
        raise BadSearch("-log: logs can be searched, but not excluded; leave out the minus")
    newest = list(runs.order_by("-pk").values_list("pk", flat=True)[:MOST_RUNS])
    has_text = Q()
    for term in terms:
        has_text |= Q(text__contains=term.value)
    pieces = LogPiece.objects.filter(has_text, attempt__task__run__in=newest).order_by()
    try:
        with transaction.atomic():
            _limit_statement()
            return list(pieces.values_list("attempt__task__run", flat=True).distinct())
    except OperationalError as exc:
        if not is_passing(exc):
            raise
        raise BadSearch(
            f"log: reading the logs of {len(newest)} runs takes longer than {LONGEST_S} s; narrow "
            "the search: template:, state:, label:, after:"
        ) from exc


def _limit_statement() -> None:
    # Until the end of the transaction, or back to the savepoint: no pooler hands it on.
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{LONGEST_S}s"])
