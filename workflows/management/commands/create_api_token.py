"""Create a token for the HTTP API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management.base import CommandError
from django.utils import timezone

from workflows.management.arguments import count
from workflows.management.base import DatabaseCommand

MAX_DAYS = 36_500
MAKE_ONE = "make one in the admin, or by manage.py createsuperuser."
NO_TOKENS = (
    "API tokens are not installed here: pip install 'django-orchestrator[tokens]', "
    'add "knox" to INSTALLED_APPS, and run manage.py migrate.'
)


class Command(DatabaseCommand):
    """`manage.py create_api_token USERNAME [--days N]`."""

    help = (
        "Print a new token for the HTTP API as the last word of the output; it is shown only once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("username", help="What the user logs in with.")
        parser.add_argument(
            "--days",
            type=count,
            help="Days until the token expires (default: as TOKEN_TTL of REST_KNOX says).",
        )

    def handle(self, *args: Any, username: str, days: int | None, **options: Any) -> None:
        """Create the token and print it."""
        if not apps.is_installed("knox"):
            raise CommandError(NO_TOKENS)
        if days and days > MAX_DAYS:
            raise CommandError(f"--days must be from 1 to {MAX_DAYS}.")
        from knox.models import get_token_model

        chosen = {"expiry": timedelta(days=days)} if days else {}
        created, token = get_token_model().objects.create(_user(username), **chosen)
        self.stdout.write(f"Token of {username}, {_end(created.expiry)}: {token}")


def _end(expiry: Any) -> str:
    """Return until when a token is good: to the minute if that is soon."""
    if expiry is None:
        return "good forever"
    is_soon = expiry < timezone.now() + timedelta(days=2)
    return f"good until {expiry:%Y-%m-%d %H:%M %Z}" if is_soon else f"good until {expiry:%Y-%m-%d}"


def _user(name: str) -> AbstractBaseUser:
    model = get_user_model()
    user = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    if user is None:
        raise CommandError(f"There is no user named '{name}'; {MAKE_ONE}")
    if not user.is_active:
        raise CommandError(f"User '{name}' is not active; activate it in the admin first.")
    return user
