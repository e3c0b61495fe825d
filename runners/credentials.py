"""Encryption of the credentials of runners, with the keys of the setting SECRETS_KEYS."""

import base64
from collections.abc import Mapping
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from runners.base import RunnerUnavailable

WRONG_KEYS = "The setting SECRETS_KEYS has a wrong key: manage.py check says which."


class CredentialsUnreadable(RunnerUnavailable):
    """Stored credentials were encrypted with a key that is not among the present ones."""

    def __init__(self, names: list[str]) -> None:
        """Name the credentials."""
        is_one = len(names) == 1
        super().__init__(
            f"its {' and '.join(names)} cannot be read with the present SECRETS_KEYS: "
            f"enter {'it' if is_one else 'them'} again"
        )


def encrypted(values: Mapping[str, str]) -> dict[str, str]:
    """
    Return the values encrypted with the first key.

    :raises ValidationError: if a key is malformed.
    """
    try:
        return {name: _cipher().encrypt(v.encode()).decode() for name, v in values.items()}
    except ValueError:
        raise ValidationError(WRONG_KEYS) from None


def decrypted(stored: Mapping[str, str]) -> dict[str, str]:
    """
    Return the values of stored credentials.

    :raises CredentialsUnreadable: naming those that none of the keys has encrypted.
    """
    values = readable(stored)
    if unreadable := sorted(stored.keys() - values.keys()):
        raise CredentialsUnreadable(unreadable)
    return values


def readable(stored: Mapping[str, str]) -> dict[str, str]:
    """Return the values of those stored credentials that can be decrypted."""
    values = {name: _value(text) for name, text in stored.items()}
    return {name: value for name, value in values.items() if value is not None}


def malformed_keys() -> list[int]:
    """Return which of the keys in SECRETS_KEYS are malformed, counted from 1."""
    return [n for n, key in enumerate(settings.SECRETS_KEYS, 1) if not _is_well_formed(key)]


def _value(text: str) -> str | None:
    try:
        return _cipher().decrypt(text).decode()
    except (InvalidToken, ValueError, TypeError):
        return None


def _is_well_formed(key: str) -> bool:
    try:
        Fernet(key)
    except (ValueError, TypeError):
        return False
    return True


def _cipher() -> MultiFernet:
    # What was stored before the first key was made stays readable.
    return _cipher_with((*settings.SECRETS_KEYS, _derived_key(settings.SECRET_KEY)))


@cache
def _cipher_with(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


@cache
def _derived_key(secret_key: str) -> str:
    mac = salted_hmac("runners.credentials", "key", secret=secret_key, algorithm="sha256")
    return base64.urlsafe_b64encode(mac.digest()).decode()
