"""`manage.py create_api_token`: a new token for the HTTP API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.management.base import BaseCommand, CommandError
from knox.models import AuthToken
from knox.settings import knox_settings

MOST_DAYS = 36_500


class Command(BaseCommand):
    """Print a new token of a user; only its hash is kept, so it cannot be shown again."""

    help = "Print a new token for the HTTP API, as the last word; it cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a user name, and for how long."""
        parser.add_argument("username")
        parser.add_argument(
            "--days",
            type=int,
            default=knox_settings.TOKEN_TTL.days,
            help="how long the token is good for (default: %(default)s)",
        )

    def handle(self, *args: Any, username: str, days: int, **options: Any) -> None:
        """Make the token."""
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days must be from 1 to {MOST_DAYS}.")
        made, token = AuthToken.objects.create(_user(username), expiry=timedelta(days=days))
        self.stdout.write(f"Token of {username}, good until {made.expiry:%Y-%m-%d}: {token}")


def _user(username: str) -> AbstractBaseUser:
    user = get_user_model()._default_manager.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user named '{username}'.")
    if not user.is_active:
        raise CommandError(f"User '{username}' is not active.")
    return user
