"""Create a token for the HTTP API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.management.base import CommandError
from knox.models import AuthToken
from knox.settings import knox_settings

from workflows.management.arguments import count
from workflows.management.base import DatabaseCommand

MAX_DAYS = 36_500
MAKE_ONE = "make one in the admin, or by manage.py createsuperuser."


class Command(DatabaseCommand):
    """`manage.py create_api_token USERNAME [--days N]`."""

    help = (
        "Print a new token for the HTTP API as the last word of the output; it is shown only once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("username")
        parser.add_argument(
            "--days",
            type=count,
            default=knox_settings.TOKEN_TTL.days,
            help="Days until the token expires (default: %(default)s).",
        )

    def handle(self, *args: Any, username: str, days: int, **options: Any) -> None:
        """Create the token and print it."""
        if days > MAX_DAYS:
            raise CommandError(f"--days must be from 1 to {MAX_DAYS}.")
        created, token = AuthToken.objects.create(_user(username), expiry=timedelta(days=days))
        self.stdout.write(f"Token of {username}, good until {created.expiry:%Y-%m-%d}: {token}")


def _user(username: str) -> AbstractBaseUser:
    user = get_user_model()._default_manager.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user named '{username}'; {MAKE_ONE}")
    if not user.is_active:
        raise CommandError(f"User '{username}' is not active; activate it in the admin first.")
    return user
