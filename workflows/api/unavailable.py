"""The 503 for a request that the database refuses: JSON, or a page in the admin."""

import logging
import time

from django.http import HttpRequest, HttpResponse

from workflows.api.failures import failure
from workflows.api.outage import OUTAGE, SLOW_S
from workflows.db.refusals import is_passing, is_silence, leave_connections
from workflows.db.statement_watch import StatementWatch
from workflows.errors import Busy

SILENT = "The database does not answer; try again in {} s."
REFUSING = "The database refuses this at the moment; try again in {} s."
SLOW = "The database did not do this in time; try again."
OUTCOME_UNKNOWN = (
    "What you asked for may have been done, in part or as a whole: look before you send it again."
)
RETRY_SILENT_S, RETRY_PASSING_S = 5, 1

logger = logging.getLogger(__name__)


def refused(request: HttpRequest, exc: BaseException) -> HttpResponse:
    """Answer a request that the database has refused."""
    statements: StatementWatch = getattr(request, "statements", None) or StatementWatch()
    request.database_refusal = exc  # type: ignore[attr-defined]
    if not isinstance(exc, Busy):
        logger.warning("%s %s: %s", request.method, request.path, _line(exc))
    if is_silence(exc) and time.monotonic() - statements.began_at > SLOW_S:
        OUTAGE.begin()
    else:
        OUTAGE.end()
    leave_connections(exc)
    return unavailable(request, exc, is_outcome_open=statements.is_outcome_open(exc))


def unavailable(
    request: HttpRequest, exc: BaseException | None = None, *, is_outcome_open: bool = False
) -> HttpResponse:
    """
    Return the 503 for a refusal; without one, the database is known to be silent.

    :param is_outcome_open: something may have been stored before the refusal, or by it.
    """
    code, text, retry_s = _words(exc)
    if is_outcome_open and request.method not in {"GET", "HEAD"}:
        code, text = "outcome_unknown", f"{text} {OUTCOME_UNKNOWN}"
    response = failure(request, 503, text, code, title="Try again in a moment")
    response.headers["Retry-After"] = str(retry_s)
    response.headers["Cache-Control"] = "no-store"
    return response


def _words(exc: BaseException | None) -> tuple[str, str, int]:
    """Return the code, the sentence and how many seconds later to try again."""
    if isinstance(exc, Busy):
        return exc.code, exc.detail, RETRY_PASSING_S
    if exc and is_passing(exc):
        return "unavailable", SLOW, RETRY_PASSING_S
    sentence = SILENT if exc is None or is_silence(exc) else REFUSING
    return "unavailable", sentence.format(RETRY_SILENT_S), RETRY_SILENT_S


def _line(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {exc}".partition("\n")[0][:500]
