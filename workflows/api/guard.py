"""
What stands around each view of the API in any project: bounds, and errors in JSON.

Where the middleware of the standalone site has limited the waits of a request already, that is not
done twice.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from functools import partial, wraps
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import URLResolver
from django.utils import timezone, translation
from django.utils.log import log_response

from workflows.api.addresses import address_problem
from workflows.api.body_limits import too_large
from workflows.api.errors import bad_request, path_not_found, server_error
from workflows.api.paths import PARAMETER
from workflows.api.unavailable import refused
from workflows.api.watch import is_watched, refused_at_once, watched_answer
from workflows.db.refusals import is_refusal
from workflows.limits import BODIES, BodyLimit, limit_of

View = Callable[..., HttpResponseBase]
Urls = TypeVar("Urls", bound=Sequence[Any])
LANGUAGE = "en"
"""Of all our texts; so errors of fields do not speak another one."""


def guarded(urls: Urls, before: str = "", names: Iterable[str] = ()) -> Urls:
    """Return URLs whose views are guarded, and know their own part of the path."""
    for each in urls:
        route, known = before + str(each.pattern), {*names, *each.pattern.converters}
        if isinstance(each, URLResolver):
            guarded(each.url_patterns, route, known)
        else:
            each.callback = _guarded_view(each.callback, route.removeprefix("^"), known)
    return urls


def _guarded_view(view: View, route: str, names: set[str]) -> View:
    bounded = within_bounds(view, limit_of(f"/{PARAMETER.sub('1', route)}"))

    @wraps(bounded)
    def own(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # What the prefix of the project has captured is none of our views' business.
        return bounded(request, **{name: kwargs[name] for name in names})

    own.own_route = route  # type: ignore[attr-defined]
    return own


def within_bounds(view: View, limit: BodyLimit = BODIES) -> View:
    """Return a view of the API with bounds and errors in JSON, wherever it is mounted."""

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        own = partial(_called, view, args, kwargs)
        answer = partial(_bounded, own, view, limit)
        if is_watched(request):
            return answer(request)
        return watched_answer(request, lambda each: refused_at_once(each, view) or answer(each))

    guard.answers_json = True  # type: ignore[attr-defined]
    guard.csrf_exempt = True  # type: ignore[attr-defined]  # checked for sessions, answered in JSON
    guard.login_required = False  # type: ignore[attr-defined]  # our views ask for it, as programs can
    return guard


def _called(view: View, args: Any, kwargs: Any, request: HttpRequest) -> HttpResponseBase:
    return view(request, *args, **kwargs)


def _bounded(own: View, view: View, limit: BodyLimit, request: HttpRequest) -> HttpResponseBase:
    """Answer a request, if it asks for no more than a view can answer."""
    if problem := address_problem(request):
        return JsonResponse({problem[0]: [problem[1]]}, status=400)
    if refusal := too_large(request, limit):
        return refusal
    with translation.override(LANGUAGE), timezone.override(UTC):
        try:
            if not getattr(view, "works_without_database", False):
                request.get_host()  # health checks are asked for by any name
            return _rendered(own(request))
        except Exception as exc:  # noqa: BLE001 (answered, and logged, as Django would)
            return _failed(request, exc)


def _rendered(response: Any) -> HttpResponseBase:
    """Render a response here, so that what fails then is answered in JSON, too."""
    rendered: HttpResponseBase = response.render() if hasattr(response, "render") else response
    return rendered


def _failed(request: HttpRequest, exc: Exception) -> HttpResponse:
    """Answer in JSON what the project would answer with a page of its own."""
    if is_refusal(exc):
        return refused(request, exc)
    if isinstance(exc, Http404):
        return path_not_found(request)
    if isinstance(exc, BadRequest | SuspiciousOperation):
        logger = logging.getLogger(f"django.security.{type(exc).__name__}")
        logger.error(str(exc), extra={"status_code": 400, "request": request})
        return bad_request(request, exc)
    if settings.DEBUG or settings.DEBUG_PROPAGATE_EXCEPTIONS:
        raise exc
    got_request_exception.send(sender=None, request=request)
    response = server_error(request)
    log_response(
        "%s: %s", response.reason_phrase, request.path,
        response=response, request=request, exception=exc,
    )  # fmt: skip
    return response
