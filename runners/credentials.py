"""The credentials of runners: stored encrypted, decrypted for their backends only."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError

from runners.base import RunnerUnavailable
from runners.encryption import WRONG_KEYS, decrypt, encrypt


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
        return {name: encrypt(value) for name, value in values.items()}
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
    values = {name: decrypt(text) for name, text in stored.items()}
    return {name: value for name, value in values.items() if value is not None}
