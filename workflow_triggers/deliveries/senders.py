"""How each kind of sender signs, numbers and describes what it sends."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runners.base import storable
from workflow_triggers.deliveries.incoming import Incoming
from workflow_triggers.models import Preset, Webhook
from workflow_triggers.models.webhook import LONGEST_DELIVERY_ID

SIGNATURE = "x-hub-signature-256"
GITLAB_TOKEN = "x-gitlab-token"  # noqa: S105 (the name of a header)
LONGEST_FACT = 200


@dataclass(frozen=True, slots=True)
class Sender:
    """What is particular to a kind of sender."""

    has_signed: Callable[[str, Incoming], bool]
    signature: str
    """The header in which it signs."""
    numbers: tuple[str, ...]
    """The headers in which it numbers its deliveries; the first one that is there counts."""
    event: str = ""
    """The header that says what has happened."""
    repository: tuple[str, str] = ("", "")
    """Where the body names the repository."""


def _is_hmac(secret: str, incoming: Incoming) -> bool:
    digest = hmac.new(secret.encode(), incoming.body, hashlib.sha256).hexdigest()
    return _is_same(f"sha256={digest}", incoming.headers.get(SIGNATURE, ""))


def _is_token(secret: str, incoming: Incoming) -> bool:
    return _is_same(secret, incoming.headers.get(GITLAB_TOKEN, ""))


def _is_same(expected: str, given: str) -> bool:
    """Compare in constant time; headers arrive as Latin-1."""
    return hmac.compare_digest(expected.encode(), given.encode("latin-1", "replace"))


SENDERS: Mapping[str, Sender] = {
    Preset.GENERIC: Sender(_is_hmac, SIGNATURE, ("x-delivery-id", "idempotency-key")),
    Preset.GITHUB: Sender(
        _is_hmac,
        SIGNATURE,
        ("x-github-delivery",),
        event="x-github-event",
        repository=("repository", "full_name"),
    ),
    Preset.GITLAB: Sender(
        _is_token,
        GITLAB_TOKEN,
        # Events that one event causes share a UUID; each attempt to deliver one has the same key.
        ("idempotency-key", "x-gitlab-event-uuid"),
        event="x-gitlab-event",
        repository=("project", "path_with_namespace"),
    ),
}


def sender_of(webhook: Webhook) -> Sender:
    """Return what is particular to the sender of a webhook."""
    return SENDERS[webhook.preset]


def delivery_id_of(webhook: Webhook, incoming: Incoming) -> str:
    """Return the number that the sender gave a delivery; empty if it gave none."""
    own = webhook.delivery_header.lower()
    headers = (own,) if own else sender_of(webhook).numbers
    found = next(filter(None, (incoming.headers.get(name, "").strip() for name in headers)), "")
    if found.isprintable() and len(found) <= LONGEST_DELIVERY_ID:
        return found
    return hashlib.sha256(found.encode()).hexdigest()


def why_ignored(webhook: Webhook, incoming: Incoming) -> str:
    """Return why a delivery is none of something that has happened; empty if it is."""
    is_ping = incoming.headers.get("x-github-event") == "ping"
    return "ping: GitHub has only tried the address" if is_ping else ""


def facts_of(webhook: Webhook, incoming: Incoming, body: Mapping[str, Any]) -> dict[str, str]:
    """Return by what people recognize a delivery."""
    sender = sender_of(webhook)
    key, name = sender.repository
    within = body.get(key)
    found = {
        "event": incoming.headers.get(sender.event),
        "action": body.get("action") if sender.event else None,
        "repository": within.get(name) if isinstance(within, dict) else None,
        "ref": body.get("ref") if sender.event else None,
    }
    return {
        key: storable(text[:LONGEST_FACT])
        for key, text in found.items()
        if isinstance(text, str) and text
    }
