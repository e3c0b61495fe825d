"""Authentication by token or by HTTP Basic, with a limit on failed passwords."""

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]  # knox has no types
    """`Authorization: Token …`, as made by `manage.py create_api_token`."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """Refuse malformed tokens early: knox would decode them and query the database."""
        if not token.isalnum():
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)


class BasicAuthentication(authentication.BasicAuthentication):
    """HTTP Basic. Too many failures of an address or of a user name block it for a while."""

    def authenticate_credentials(self, userid: str, password: str, request: Any = None) -> Any:
        """
        Check a user name and a password.

        :raises Throttled: after too many failures, before the password is checked.
        """
        counters = failure_counters(userid, request)
        if any(counter.is_full for counter in counters):
            raise Throttled(wait=settings.FAILED_LOGINS["seconds"])
        try:
            return self._authenticate(userid, password, request)
        except AuthenticationFailed:
            for counter in counters:
                counter.add()
            raise

    def _authenticate(self, userid: str, password: str, request: Any) -> Any:
        if "\0" in userid:  # PostgreSQL refuses a query with it
            raise AuthenticationFailed("Invalid username/password.")
        return super().authenticate_credentials(userid, password, request)


@dataclass(frozen=True, slots=True)
class FailureCounter:
    """Counts recent failed logins of one address or user name, in the cache."""

    key: str
    limit: int

    @property
    def is_full(self) -> bool:
        """Return True if there were too many failures."""
        return int(cache.get(self.key, 0)) >= self.limit

    def add(self) -> None:
        """Count one more failure."""
        cache.add(self.key, 0, settings.FAILED_LOGINS["seconds"])
        with suppress(ValueError):  # it expired between the two statements
            cache.incr(self.key)


def failure_counters(userid: str, request: Request | HttpRequest) -> list[FailureCounter]:
    """Return the counters of this address and of this user name."""
    limits = settings.FAILED_LOGINS
    address = BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # it reads only META
    return [
        FailureCounter(f"failed-logins:address:{address}", limits["per_address"]),
        FailureCounter(
            f"failed-logins:user:{sha256(userid.encode()).hexdigest()}", limits["per_user"]
        ),
    ]
