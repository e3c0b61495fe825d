"""Health checks for monitoring, without a login."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

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
        if missing := _missing_migrations():
            return _not_ready(f"{missing} migrations are not applied.")
        attention = [NOBODY_LOOKS] if unattended_attempts().exists() else []
    except DatabaseError:
        return _not_ready("The database cannot be reached.")
    return JsonResponse({"status": "ready"} | ({"attention": attention} if attention else {}))


def _missing_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _not_ready(problem: str) -> JsonResponse:
    return JsonResponse({"status": "not ready", "detail": problem}, status=503)
