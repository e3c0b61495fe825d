"""Maps exceptions to HTTP responses, once for all views."""

from typing import Any

from django.core.exceptions import DisallowedHost, ObjectDoesNotExist, RequestDataTooBig
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django_fsm import ConcurrentTransition
from rest_framework import views
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response

from workflows.api.failures import failure, is_page
from workflows.api.paths import mount_of, nothing_at
from workflows.api.unavailable import refused
from workflows.api.wording import as_detail, refusal_words
from workflows.db.refusals import is_refusal
from workflows.errors import Conflict, Invalid, NotFound, NotPermitted, TokenRefused

STATUSES = {TokenRefused: 401, NotPermitted: 403, NotFound: 404, Conflict: 409}
NOTHING_HERE = (
    "No page has this address, or what it showed was removed. The lists and the search of the "
    "console find what there is."
)
NOT_FROM_HERE = (
    "Nothing was done: the form was older than your login, or your browser keeps no cookies for "
    "this site. Go back, load the page again, and send it once more."
)
WRONG_HOST = (
    "This site does not answer under this host name; an administrator can add it to ALLOWED_HOSTS."
)
CHANGED_MEANWHILE = "This was changed by somebody else at the same time; try again."


class HttpError(APIException):
    """An error of the domain with its HTTP status."""

    def __init__(self, status: int, detail: str, code: str) -> None:
        """Keep the detail and the code of the domain's error."""
        super().__init__(detail, code)
        self.status_code = status


def exception_handler(exc: Exception, context: dict[str, Any]) -> Any:
    """Return the response to a refused request; None for an internal error."""
    if is_refusal(exc):
        return refused(context["request"]._request, exc)
    error = _as_api_exception(exc)
    if isinstance(error, APIException):
        _reword(error, context)
    response = views.exception_handler(error, context)
    match response:
        case Response(data={"detail": ErrorDetail() as detail}):
            response.data["code"] = detail.code
    return response


def _reword(error: APIException, context: dict[str, Any]) -> None:
    if text := refusal_words(error, context.get("request"), context.get("view")):
        error.detail = as_detail(text, error)


def _as_api_exception(exc: Exception) -> Exception:
    match exc:
        case Invalid():
            return ValidationError(exc.fields)
        case NotFound() | Conflict() | NotPermitted() | TokenRefused():
            status = next(status for kind, status in STATUSES.items() if isinstance(exc, kind))
            return HttpError(status, exc.detail, exc.code)
        case ConcurrentTransition() | IntegrityError() | ObjectDoesNotExist():
            return HttpError(409, CHANGED_MEANWHILE, "changed_meanwhile")
        case RequestDataTooBig():
            return HttpError(413, "The body is too large.", "too_large")
    return exc


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond 404: with a page in the admin, with JSON elsewhere."""
    if is_page(request):
        return failure(request, 404, NOTHING_HERE, "not_found", title="There is nothing here")
    return path_not_found(request)


@csrf_exempt
def path_not_found(request: HttpRequest) -> HttpResponse:
    """Respond 404 with JSON that says which path may be meant."""
    detail = nothing_at(request.path, mount_of(request))
    return JsonResponse({"detail": detail, "code": "not_found"}, status=404)


path_not_found.works_without_database = True  # type: ignore[attr-defined]


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond 400 to what Django refuses; of a host that is not allowed, say so."""
    wrong_host = isinstance(exception, DisallowedHost)
    text = WRONG_HOST if wrong_host else "This request is not valid."
    code = "host_not_allowed" if wrong_host else "invalid"
    return failure(request, 400, text, code, title="Bad request")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Respond 403 to a form that this site has not given out, or not to this session."""
    return failure(request, 403, NOT_FROM_HERE, "csrf_failed", title="Please send this again")


def server_error(request: HttpRequest) -> HttpResponse:
    """Respond 500: with a page in the admin, with JSON elsewhere."""
    return failure(request, 500, "Internal server error.", "error", title="Something went wrong")
