"""Health checks for monitoring, without a login."""

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from workflows.db.missing_migrations import missing_migrations
from workflows.insight.attention import NOBODY_LOOKS, unattended_attempts


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Respond 200 while the process runs."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Respond 200 if the database is reachable and migrated, else 503; say what needs attention."""
    try:
        if missing := missing_migrations():
            return _not_ready(missing)
        attention = [NOBODY_LOOKS] if unattended_attempts().exists() else []
    except DatabaseError:
        return _not_ready("The database cannot be reached.")
    return JsonResponse({"status": "ready"} | ({"attention": attention} if attention else {}))


def _not_ready(problem: str) -> JsonResponse:
    return JsonResponse({"status": "not ready", "detail": problem}, status=503)
