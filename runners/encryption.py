"""Encryption of what is secret in the database, with the keys of the setting SECRETS_KEYS."""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

from runners.conf import setting

WRONG_KEYS = "The setting SECRETS_KEYS has a wrong key: manage.py check says which."


def encrypt(text: str) -> str:
    """
    Return a text encrypted with the first key.

    :raises ValueError: if a key is malformed.
    """
    return _cipher(_keys()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str | None:
    """Return the text; None if none of the keys has encrypted it."""
    return _decrypt(token, _keys())


def reencrypt(token: str) -> str | None:
    """Return a token of the first key: the same one if it is; None if it cannot be decrypted."""
    if _decrypt(token, _keys()[:1]) is not None:
        return token
    text = decrypt(token)
    return None if text is None else encrypt(text)


def malformed_keys() -> list[int]:
    """Return which of the keys in SECRETS_KEYS are malformed, counted from 1."""
    return [n for n, key in enumerate(setting("SECRETS_KEYS"), 1) if not _is_well_formed(key)]


def _keys() -> tuple[str, ...]:
    # What was stored before the first key was made, or with an earlier SECRET_KEY, stays readable.
    derived = map(_derived_key, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    return (*setting("SECRETS_KEYS"), *derived)


def _decrypt(token: str, keys: tuple[str, ...]) -> str | None:
    try:
        return _cipher(keys).decrypt(token).decode()
    except (InvalidToken, ValueError, TypeError):
        return None


def _is_well_formed(key: str) -> bool:
    try:
        Fernet(key)
    except (ValueError, TypeError):
        return False
    return True


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


@cache
def _derived_key(secret_key: str) -> str:
    # Its salt is that of the release which encrypted credentials alone.
    mac = salted_hmac("runners.credentials", "key", secret=secret_key, algorithm="sha256")
    return base64.urlsafe_b64encode(mac.digest()).decode()
