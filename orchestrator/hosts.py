"""Which host names requests may be sent to."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware import common

HEALTH_CHECKS = {"/healthz", "/readyz"}
"""They answer under any name: monitoring asks 127.0.0.1, containers by their own address."""


class CommonMiddleware(common.CommonMiddleware):
    """Django's, which compares the host with ALLOWED_HOSTS, except for health checks."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        """Refuse hosts that are not allowed."""
        return None if request.path in HEALTH_CHECKS else super().process_request(request)
