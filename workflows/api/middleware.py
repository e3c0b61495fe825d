"""
What a request gets while the database refuses: 503, at whatever point that happens.

Errors of views and of the rendering of their pages arrive in `process_exception`. Those of other
middleware do not: Django turns each into a 500 before the next middleware sees it, and the one of a
session that cannot be stored into a 400. The first kind is noted by a signal, the second is caught
where it is raised, in `SessionMiddleware`.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.sessions import middleware as sessions
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from workflows.api.outage import OUTAGE
from workflows.api.unavailable import refused, unavailable
from workflows.db.refusals import is_refusal, leave_connections, refusal_behind
from workflows.db.statement_watch import StatementWatch
from workflows.db.time_limits import limited

ANSWER_S = 4.0
"""How long a request waits for one answer of the database; a second more to give it up."""
LOCK_S = 3.0
"""How long a request waits for one lock."""

View = Callable[[HttpRequest], HttpResponseBase]


class DatabaseRefusals:
    """Answers 503 while the database refuses, and limits how long a request waits for it."""

    def __init__(self, get_response: View) -> None:
        """Prepare to call the next middleware."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        request.statements = statements = StatementWatch()  # type: ignore[attr-defined]
        with _watched(statements):
            response = self._get_response(request)
            refusal = getattr(request, "database_refusal", None)
            if refusal and response.status_code != 503:
                response = refused(request, refusal)
        if not refusal:
            OUTAGE.note(is_answered=statements.is_answered, is_look=_is_look(request))
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _watched_stream(response.streaming_content, statements)
        return response

    def process_view(self, request: HttpRequest, view: Any, *_: object) -> HttpResponse | None:
        """Answer at once while the database is silent, so that not all threads wait for it."""
        if getattr(view, "works_without_database", False) or not OUTAGE.is_on:
            return None
        if not OUTAGE.admits():
            return unavailable(request)
        request.is_look = True  # type: ignore[attr-defined]
        return None

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """Answer a refusal in a view, or while its page is rendered; None for any other error."""
        return refused(request, exc) if is_refusal(exc) else None


class SessionMiddleware(sessions.SessionMiddleware):
    """
    Django's, with two differences.

    If the session cannot be stored, that is no 'the user may have logged out'. A cookie that
    PostgreSQL would not even look up is none.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Find the session by its cookie."""
        for name in [name for name, text in request.COOKIES.items() if "\0" in text]:
            del request.COOKIES[name]
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Store the session."""
        try:
            return super().process_response(request, response)  # type: ignore[arg-type]
        except Exception as exc:
            if refusal := refusal_behind(exc):
                return refused(request, refusal)
            raise


def note_refusal(request: HttpRequest | None = None, **_: Any) -> None:
    """Remember the refusal that Django is about to turn into a 500."""
    exc = sys.exc_info()[1]
    if request is not None and is_refusal(exc):
        request.database_refusal = exc  # type: ignore[attr-defined]


got_request_exception.connect(note_refusal)


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
