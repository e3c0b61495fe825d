"""Authentication by token or by HTTP Basic, with a limit on failed passwords."""

from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.settings import knox_settings
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed

from workflows.api.guesses import counted_guess
from workflows.api.throttling import answered_429
from workflows.api.wording import CREDENTIAL_REFUSED, LOGIN_REFUSED

TOKEN_LENGTH = len(knox_settings.TOKEN_PREFIX) + knox_settings.AUTH_TOKEN_CHARACTER_LENGTH
TOO_MANY = "Too many failed logins."


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]  # knox has no types
    """`Authorization: Token …`, as made by `manage.py create_api_token`."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """Refuse malformed tokens early: knox would decode them and query the database."""
        if not token.isalnum():
            raise AuthenticationFailed(CREDENTIAL_REFUSED)
        try:
            return super().authenticate_credentials(token)
        except AuthenticationFailed:
            raise AuthenticationFailed(CREDENTIAL_REFUSED) from None

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
        Check a user name, and a password or a token of this user.

        :raises Throttled: after too many failures, before the password is checked.
        """
        if found := _token_of(userid, password):
            return found
        with answered_429(TOO_MANY), counted_guess(userid, request):
            return self._authenticate(userid, password, request)

    def _authenticate(self, userid: str, password: str, request: Any) -> Any:
        try:
            if "\0" not in userid:  # PostgreSQL refuses a query with it
                return super().authenticate_credentials(userid, password, request)
        except AuthenticationFailed:
            pass
        raise AuthenticationFailed(LOGIN_REFUSED)


def _token_of(userid: str, password: str) -> Any:
    """Return the user and the token, if the password is a token of this user; else None."""
    if len(password) != TOKEN_LENGTH:
        return None
    try:
        user, token = TokenAuthentication().authenticate_credentials(password.encode())
    except AuthenticationFailed:
        return None
    return (user, token) if user.get_username() == userid else None
