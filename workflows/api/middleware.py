"""
What a request gets while the database refuses: 503, at whatever point that happens.

Errors of views and of the rendering of their pages arrive in `process_exception`. Those of other
middleware do not: Django turns each into a 500 before the next middleware sees it, and the one of a
session that cannot be stored into a 400. The first kind is noted by a signal, the second is caught
where it is raised, in `SessionMiddleware`.

A project with other middleware needs none of this: see `guard.py`.
"""

import sys
from typing import Any

from django.contrib.sessions import middleware as sessions
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from workflows.api.unavailable import refused
from workflows.api.watch import Answer, refused_at_once, watched_answer
from workflows.db.refusals import is_refusal, refusal_behind


class DatabaseRefusals:
    """Answers 503 while the database refuses, and limits how long a request waits for it."""

    def __init__(self, get_response: Answer) -> None:
        """Prepare to call the next middleware."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        return watched_answer(request, self._get_response)

    def process_view(self, request: HttpRequest, view: Any, *_: object) -> HttpResponse | None:
        """Answer at once while the database is silent, so that not all threads wait for it."""
        return refused_at_once(request, view)

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
