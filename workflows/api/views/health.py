"""Health checks for monitoring, without a login."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from workflows.api.base import OwnView
from workflows.api.described import described
from workflows.api.readiness import PROBE, Readiness
from workflows.db.refusals import is_refusal

MAY_KNOW = "workflows.view_taskattempt"
"""The permission to read what is wrong; everybody may know whether something is."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Respond 200 while the process runs."""
    return JsonResponse({"status": "ok"})


@method_decorator(never_cache, name="dispatch")
class ReadyView(OwnView):
    """Whether the site can serve."""

    permission_classes: tuple[()] = ()

    def perform_authentication(self, request: Request) -> None:
        """Read no user yet: that would ask the database, which may not answer."""

    @described(exclude=True)
    def get(self, request: Request) -> JsonResponse:
        """Respond 200 if the database is reachable and migrated, else 503."""
        found = PROBE.result()
        status = {"status": "not ready" if found.problem else "ready"}
        return JsonResponse(status | _details(found, request), status=503 if found.problem else 200)

    head = get


def _details(found: Readiness, request: Request) -> dict[str, Any]:
    """Return what else is known, for those who may know it."""
    if not found.is_reachable:  # nor is it known who asks
        return {}
    details = {"detail": found.problem, "attention": list(found.attention)}
    known = {name: value for name, value in details.items() if value}
    return known if known and _may_know(request) else {}


def _may_know(request: Request) -> bool:
    try:
        is_known = request.successful_authenticator is not None
        return is_known and request.user.has_perm(MAY_KNOW)
    except (AuthenticationFailed, Throttled):
        return False
    except Exception as exc:
        if is_refusal(exc):
            return False
        raise


readyz: Any = ReadyView.as_view()
VIEWS: tuple[Any, Any] = (healthz, readyz)
for _view in VIEWS:
    _view.works_without_database = True
