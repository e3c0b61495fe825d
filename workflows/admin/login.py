"""Forms that check a password; wrong ones are counted together with those that the API was sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from workflows.api.guesses import counted_guess
from workflows.throttles import Throttled


class LimitedLogin(AuthenticationForm):
    """A login form that refuses further attempts after too many failed ones."""

    def clean(self) -> dict[str, Any]:
        """Check user name and password, unless too many logins have failed recently."""
        with _explained_guess(self.cleaned_data.get("username", ""), self.request):
            return super().clean()


@cache
def with_limit(form: type[AuthenticationForm]) -> type[AuthenticationForm]:
    """Return the login form of a site with our limit."""
    if issubclass(form, LimitedLogin):
        return form
    return type(form.__name__, (LimitedLogin, form), {"__module__": form.__module__})


class PasswordForm(AdminPasswordChangeForm):
    """The form in which users change their password; who found a session may guess here, too."""

    def clean_old_password(self) -> str:
        """Check the password of now, unless there were too many wrong ones recently."""
        with _explained_guess(self.user.get_username(), None):
            return str(super().clean_old_password())


@contextmanager
def _explained_guess(name: str, request: HttpRequest | None) -> Iterator[None]:
    try:
        with counted_guess(name, request):
            yield
    except Throttled as exc:
        minutes = -(-exc.wait_s // 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        text = f"Too many failed logins. Try again in {wait}."
        raise ValidationError(text, code="throttled") from None
