"""The admin of API tokens; knox's own lists digests and shows a new token in a message."""

from django.http import HttpRequest

from workflows.admin.ui.base import StyledAdmin


class AuthTokenAdmin(StyledAdmin):
    """Tokens are listed and revoked here; `manage.py create_api_token` makes them."""

    when_empty = "There is no token yet. Make one with manage.py create_api_token."
    list_display = ("token_key", "user", "created", "expiry")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("token_key", "user__username")
    fields = ("token_key", "user", "created", "expiry")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: a token is shown only once, in the terminal in which it is made."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Return False."""
        return False
