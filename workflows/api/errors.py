"""Every refusal becomes an answer here, so that no view has a `try`."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django_fsm import ConcurrentTransition
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from workflows.errors import Conflict, Invalid, NotFound, TokenRefused

CHANGED_MEANWHILE = "This was changed by somebody else at the same time; try again."


class Refused(APIException):
    """A refusal with the status that it has in HTTP."""

    def __init__(self, status: int, detail: str, code: str) -> None:
        """Take over the wording of the domain."""
        super().__init__(detail, code)
        self.status_code = status


def answer_to(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to a refused request; None for an error of our own."""
    response = exception_handler(_as_refusal(exc), context)
    match response:
        case Response(data={"detail": ErrorDetail() as detail}):
            response.data["code"] = detail.code
    return response


def _as_refusal(exc: Exception) -> Exception:
    match exc:
        case Invalid():
            return ValidationError(exc.fields)
        case NotFound():
            return Refused(404, exc.detail, exc.code)
        case Conflict():
            return Refused(409, exc.detail, exc.code)
        case TokenRefused():
            return Refused(401, exc.detail, exc.code)
        case ProtectedError():
            return Refused(409, _still_used(exc), "in_use")
        case ConcurrentTransition() | IntegrityError() | ObjectDoesNotExist():
            return Refused(409, CHANGED_MEANWHILE, "changed_meanwhile")
        case RequestDataTooBig():
            return Refused(413, "The body is too large.", "too_large")
    return exc


def _still_used(exc: ProtectedError) -> str:
    users = sorted({str(row._meta.verbose_name_plural) for row in exc.protected_objects})
    return f"This is still used by {', '.join(users)}; it cannot be deleted."


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for a path that does not exist: as a page in the admin, as JSON elsewhere."""
    if request.path.startswith("/admin/"):
        return defaults.page_not_found(request, exception)
    return no_such_path(request)


@csrf_exempt
def no_such_path(request: HttpRequest) -> HttpResponse:
    """Answer for a path that does not exist."""
    return JsonResponse(
        {"detail": "There is nothing at this path.", "code": "not_found"}, status=404
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for an error of our own: as a page in the admin, as JSON elsewhere."""
    if request.path.startswith("/admin/"):
        return defaults.server_error(request)
    return JsonResponse({"detail": "An error of the server.", "code": "error"}, status=500)
