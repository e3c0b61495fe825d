"""Authentication by token, session or HTTP Basic, with a limit on failed passwords."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed

from workflows.api.guesses import counted_guess
from workflows.api.throttling import answered_429
from workflows.api.wording import LOGIN_REFUSED

TOO_MANY = "Too many failed logins."
HAS_TOKENS = apps.is_installed("knox")


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the project's own login; all requests but reads need its CSRF token."""

    def authenticate_header(self, request: Any) -> str:
        """Return a scheme for the 401 that makes no browser ask for a password."""
        return 'Session realm="api"'


class BasicAuthentication(authentication.BasicAuthentication):
    """HTTP Basic. Too many failures of an address or of a user name block it for a while."""

    www_authenticate_realm = "api"

    def authenticate_credentials(self, userid: str, password: str, request: Any = None) -> Any:
        """
        Check a user name, and a password or a token of this user.

        :raises Throttled: after too many failures, before the password is checked.
        """
        if found := token_of(userid, password):
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


token_of: Callable[[str, str], Any]
AUTHENTICATION: tuple[type[authentication.BaseAuthentication], ...]
"""The first one's scheme is named in a 401."""
if HAS_TOKENS:
    from workflows.api.tokens import TokenAuthentication, token_of

    AUTHENTICATION = (TokenAuthentication, SessionAuthentication, BasicAuthentication)
else:
    AUTHENTICATION = (SessionAuthentication, BasicAuthentication)

    def token_of(userid: str, password: str) -> None:
        """Return None: without knox, there are no tokens."""
