"""Who is calling: a token, a session, or a user name and password that cannot be guessed at."""

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
        """Refuse what no token looks like; knox would decode it and ask the database for it."""
        if not token.isalnum():
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)


class BasicAuthentication(authentication.BasicAuthentication):
    """HTTP Basic; too many failed logins, from one address or for one user name, are refused."""

    def authenticate_credentials(self, userid: str, password: str, request: Any = None) -> Any:
        """
        Check a user name and a password.

        :raises Throttled: after too many failures, before the password is looked at.
        """
        counts = failures_of(userid, request)
        if any(count.is_full for count in counts):
            raise Throttled(wait=settings.FAILED_LOGINS["seconds"])
        try:
            return self._checked(userid, password, request)
        except AuthenticationFailed:
            for count in counts:
                count.add()
            raise

    def _checked(self, userid: str, password: str, request: Any) -> Any:
        if "\0" in userid:  # PostgreSQL does not even let us ask
            raise AuthenticationFailed("Invalid username/password.")
        return super().authenticate_credentials(userid, password, request)


@dataclass(frozen=True, slots=True)
class Failures:
    """How often logins of one kind failed lately, kept in the cache."""

    key: str
    most: int

    @property
    def is_full(self) -> bool:
        """Say whether there were too many."""
        return int(cache.get(self.key, 0)) >= self.most

    def add(self) -> None:
        """Count one more."""
        cache.add(self.key, 0, settings.FAILED_LOGINS["seconds"])
        with suppress(ValueError):  # it expired between the two statements
            cache.incr(self.key)


def failures_of(userid: str, request: Request | HttpRequest) -> list[Failures]:
    """Return what counts the failed logins of this user name, and those of this address."""
    limits = settings.FAILED_LOGINS
    address = BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # reads META alone
    return [
        Failures(f"failed-logins:address:{address}", limits["per_address"]),
        Failures(f"failed-logins:user:{sha256(userid.encode()).hexdigest()}", limits["per_user"]),
    ]
