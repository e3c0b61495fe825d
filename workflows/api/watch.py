"""
How long a request waits for the database, and what it gets if that refuses.

Used by the middleware of the standalone site for all its paths, and by the views of the API
themselves in a project that has other middleware.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from workflows.api.outage import OUTAGE
from workflows.api.unavailable import refused, unavailable
from workflows.db.refusals import leave_connections
from workflows.db.statement_watch import StatementWatch
from workflows.db.time_limits import limited

ANSWER_S = 4.0
"""How long a request waits for one answer of the database; a second more to give it up."""
LOCK_S = 3.0
"""How long a request waits for one lock."""

Answer = Callable[[HttpRequest], HttpResponseBase]


def is_watched(request: HttpRequest) -> bool:
    """Return True if the waits of a request are limited already."""
    return hasattr(request, "statements")


def watched_answer(request: HttpRequest, answer: Answer) -> HttpResponseBase:
    """Answer a request with limited waits; 503 if the database refuses."""
    request.statements = statements = StatementWatch()  # type: ignore[attr-defined]
    with _watched(statements):
        response = answer(request)
        refusal = getattr(request, "database_refusal", None)
        if refusal and response.status_code != 503:
            response = refused(request, refusal)
    if not refusal:
        OUTAGE.note(is_answered=statements.is_answered, is_look=_is_look(request))
    if isinstance(response, StreamingHttpResponse) and not response.is_async:
        response.streaming_content = _watched_stream(response.streaming_content, statements)
    return response


def refused_at_once(request: HttpRequest, view: Any) -> HttpResponse | None:
    """Answer at once while the database is silent, so that not all threads wait for it."""
    if getattr(view, "works_without_database", False) or not OUTAGE.is_on:
        return None
    if not OUTAGE.admits():
        return unavailable(request)
    request.is_look = True  # type: ignore[attr-defined]
    return None


@contextmanager
def _watched(statements: StatementWatch) -> Iterator[None]:
    """Limit how long the statements of this thread take, and note what they do."""
    with limited(answer_s=ANSWER_S, lock_s=LOCK_S), statements.watching():
        yield


def _watched_stream(parts: Any, statements: StatementWatch) -> Iterator[bytes]:
    """Send what is read while it is sent; a refusal ends it without an end, as readers can tell."""
    while True:
        with _watched(statements):
            try:
                part = next(parts)
            except StopIteration:
                return
            except Exception as exc:
                leave_connections(exc)
                raise
        yield part


def _is_look(request: HttpRequest) -> bool:
    return getattr(request, "is_look", False)
