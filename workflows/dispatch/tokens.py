"""The token with which a runner proves that a report is about its attempt."""

import hashlib
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac


def token_of(attempt_id: UUID) -> str:
    """
    Return the token of an attempt.

    Made anew whenever it is sent, so that a submission repeated after a crash carries the same
    one; only its hash is stored.
    """
    return salted_hmac("workflows.tokens", str(attempt_id), algorithm="sha256").hexdigest()


def hash_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def is_token(token: str, hashed: str) -> bool:
    """Say whether a token is the one whose hash is stored."""
    return bool(hashed) and constant_time_compare(hash_of(token), hashed)
