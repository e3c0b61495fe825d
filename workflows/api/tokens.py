"""Authentication by API token; imported only where knox is installed, which stores them."""

from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.settings import knox_settings
from rest_framework.exceptions import AuthenticationFailed

from workflows.api.wording import CREDENTIAL_REFUSED

TOKEN_LENGTH = len(knox_settings.TOKEN_PREFIX) + knox_settings.AUTH_TOKEN_CHARACTER_LENGTH


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]  # knox has no types
    """`Authorization: Token …`, as made by `manage.py create_api_token`."""

    def authenticate_header(self, request: Any) -> str:
        """Return the word before the token, also where the project has another for its own API."""
        return "Token"

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


def token_of(userid: str, password: str) -> Any:
    """Return the user and the token, if the password is a token of this user; else None."""
    if len(password) != TOKEN_LENGTH:
        return None
    try:
        user, token = TokenAuthentication().authenticate_credentials(password.encode())
    except AuthenticationFailed:
        return None
    return (user, token) if user.get_username() == userid else None
