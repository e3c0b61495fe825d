"""The token with which a runner proves that its report belongs to the attempt."""

import hashlib
from uuid import UUID

from django.utils.crypto import salted_hmac


def token_of(attempt_id: UUID) -> str:
    """
    Return the token of an attempt.

    It is computed whenever it is sent, so that a submission repeated after a crash has the same
    token. Only its hash is stored.
    """
    return salted_hmac("workflows.tokens", str(attempt_id), algorithm="sha256").hexdigest()


def hash_of(token: str) -> str:
    """Return the hash of a token, which is stored."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
