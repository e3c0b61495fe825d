"""Authentication by token or by HTTP Basic, with a limit on failed passwords."""

from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed

from workflows.api.guesses import counted_guess
from workflows.api.throttling import answered_429

TOO_MANY = "Too many failed logins."


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]  # knox has no types
    """`Authorization: Token …`, as made by `manage.py create_api_token`."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """Refuse malformed tokens early: knox would decode them and query the database."""
        if not token.isalnum():
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Delete the token if it has expired; knox would read all tokens of its user each time."""
        is_expired = bool(auth_token.expiry and auth_token.expiry < timezone.now())
        if is_expired:
            auth_token.delete()
        return is_expired


class BasicAuthentication(authentication.BasicAuthentication):
    """HTTP Basic. Too many failures of an address or of a user name block it for a while."""

    def authenticate_credentials(self, userid: str, password: str, request: Any = None) -> Any:
        """
        Check a user name and a password.

        :raises Throttled: after too many failures, before the password is checked.
        """
        with answered_429(TOO_MANY), counted_guess(userid, request):
            return self._authenticate(userid, password, request)

    def _authenticate(self, userid: str, password: str, request: Any) -> Any:
        if "\0" in userid:  # PostgreSQL refuses a query with it
            raise AuthenticationFailed("Invalid username/password.")
        return super().authenticate_credentials(userid, password, request)
