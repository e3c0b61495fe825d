"""API tokens in the admin: people make and revoke their own; administrators those of all."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from knox.models import AuthToken

from runners.forms import TextBoundField
from workflows.admin.curl.command import Call, curl
from workflows.admin.ui.base import StyledAdmin
from workflows.admin.ui.display import moment

MAX_DAYS = 36_500
VIEW, DELETE = "knox.view_authtoken", "knox.delete_authtoken"


class TokenForm(forms.Form):
    """Whose token, and how long it is good; only superusers choose the user: it may do all that."""

    bound_field_class = TextBoundField

    username = forms.CharField(max_length=254, help_text="Whose permissions the token has.")
    days = forms.IntegerField(
        min_value=1, max_value=MAX_DAYS, initial=90, help_text="Until it expires."
    )

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        """Offer other users to superusers alone."""
        user: Any = request.user
        super().__init__(data, label_suffix="", initial={"username": user.get_username()})
        self.user = user
        if not user.is_superuser:
            del self.fields["username"]

    def clean_username(self) -> str:
        """Find the user."""
        users, name = get_user_model(), str(self.cleaned_data["username"])
        found = users._default_manager.filter(**{users.USERNAME_FIELD: name}, is_active=True)
        if (user := found.first()) is None:
            raise ValidationError(f"There is no active user named '{name}'.")
        self.user = user
        return name


class AuthTokenAdmin(StyledAdmin):
    """Tokens are shown once, when they are made; afterwards their beginning identifies them."""

    when_empty = "There is no token yet. A token lets a program use the API with your permissions."
    list_title = "API tokens"
    add_label = "Make a token"
    list_display = ("token_key", "user", moment("created"), moment("expiry", "exact"))
    list_display_links = None
    list_select_related = ("user",)
    fields = ("token_key", "user", "created", "expiry")
    deletion_verb = "Revoke"

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the beginning of the token, and the name that its user logs in with."""
        return ("token_key", f"user__{get_user_model().USERNAME_FIELD}")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuthToken]:
        """Return all tokens to those who may view them, to others their own."""
        tokens: QuerySet[AuthToken] = super().get_queryset(request)
        return tokens if request.user.has_perm(VIEW) else tokens.filter(user=request.user.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return True: everybody has tokens of their own."""
        return True

    def has_view_permission(self, request: HttpRequest, obj: AuthToken | None = None) -> bool:
        """Return True for one's own, which are all that `get_queryset` finds for most."""
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return True: a token may no more than its user."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuthToken | None = None) -> bool:
        """Return True for one's own, and for those who may revoke any."""
        if request.user.has_perm(DELETE):
            return True
        return obj is None or obj.user_id == request.user.pk

    def name_of(self, row: AuthToken) -> str:
        """Return its beginning, which its owner knows, and its owner."""
        return f"{row.token_key} of {row.user}"

    def effects_of_deletion(self, rows: Sequence[AuthToken]) -> list[str]:
        """Say who notices."""
        return ["Programs that use it are refused from now on."]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Make a token, and show it in the answer: it is stored nowhere."""
        form = TokenForm(request, request.POST if request.method == "POST" else None)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form}
        context |= {"title": "Make an API token", "media": self.media}
        if form.is_valid():
            made, token = AuthToken.objects.create(
                form.user, expiry=timedelta(days=form.cleaned_data["days"])
            )
            self.log_addition(request, made, f"Made a token of {form.user}.")
            context |= {
                "token": token,
                "made": made,
                "command": curl(request, Call("workflowrun-list")).replace("$TOKEN", token),
            }
        return TemplateResponse(request, "workflows/token.html", context)


def register_tokens(site: AdminSite) -> None:
    """Register the tokens, in place of knox's own page."""
    if site.is_registered(AuthToken):
        site.unregister(AuthToken)
    site.register(AuthToken, AuthTokenAdmin)
