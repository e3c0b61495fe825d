"""Views of the API that pages call, below the admin's own addresses: the API may not be mounted."""

from collections.abc import Mapping
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from workflows.api.authentication import SessionAuthentication
from workflows.api.guard import within_bounds
from workflows.api.viewsets import ReadOnlyViewSet

LOG_IN = {"detail": "You are not logged in any more: log in, in another tab.", "code": "logged_out"}


def for_pages(
    site: AdminSite, viewset: type[ReadOnlyViewSet[Any]], actions: Mapping[str, str]
) -> Any:
    """
    Return a view for people who are logged in to an admin site, with the API's answers.

    Unlike `admin_view`, it answers 403 to others: a script could do nothing with a login page.
    """
    # Its SessionAuthentication looks at the CSRF token.
    made: Any = viewset.as_view(dict(actions), authentication_classes=[SessionAuthentication])
    view = within_bounds(made)

    # Not @wraps(view): OpenAPI documents, also a project's own, list what is marked as its view.
    @never_cache
    @csrf_exempt
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not site.has_permission(request):
            return JsonResponse(LOG_IN, status=403)
        return view(request, *args, **kwargs)

    answer.answers_json = True  # type: ignore[attr-defined]
    return answer
