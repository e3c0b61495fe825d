"""
Who may deliver to a webhook, and how often; strangers neither write nor lock at will.

An address may be refused sixty times a minute before it is told to wait, and is no longer counted.
The refusals of a webhook are counted for an hour, which leaves one event.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from runners import transaction
from workflow_triggers.deliveries.incoming import Incoming
from workflow_triggers.deliveries.senders import sender_of
from workflow_triggers.models import Webhook
from workflow_triggers.operations.webhooks import digest_of
from workflows.errors import NotFound, TokenRefused, WorkflowError
from workflows.models import Counter
from workflows.runs.events import record
from workflows.throttles import Limit

REFUSED = "webhook.refused"
OF_ADDRESS = Limit("refused delivery from address", timedelta(minutes=1), most=60)
OF_WEBHOOK = Limit("refused delivery of webhook", timedelta(hours=1), is_exact=True)
DELIVERIES = "delivery to webhook"
A_MINUTE = timedelta(minutes=1)


class SignatureRefused(TokenRefused):
    """The delivery is not signed with the secret of the webhook."""

    code = "signature_refused"


class SecretUnreadable(WorkflowError):
    """The secret of the webhook cannot be read with the present SECRETS_KEYS; enter it again."""

    code = "secret_unreadable"


def webhook_at(token: str, *, address: str) -> Webhook:
    """
    Return the webhook whose address has this token.

    :raises NotFound: if there is none.
    :raises Throttled: if this address has asked for too many that there are not.
    """
    rows = Webhook.objects.select_related("template")
    if (webhook := rows.filter(token_digest=digest_of(token)).first()) is None:
        OF_ADDRESS.count(address)
        raise NotFound("webhook", "with this address")
    return webhook


def check_sender(webhook: Webhook, incoming: Incoming, *, address: str) -> None:
    """
    Accept a delivery whose sender knows the secret, if there are not too many; nothing is parsed.

    :raises SignatureRefused: if it is signed otherwise, or not at all.
    :raises SecretUnreadable: if nobody can tell.
    :raises Throttled: if there were too many.
    """
    if (secret := webhook.secret) is None:
        raise SecretUnreadable(str(SecretUnreadable.__doc__))
    if secret and not sender_of(webhook).has_signed(secret, incoming):
        _count_refused(webhook, address)
        header = sender_of(webhook).signature
        is_missing = header not in incoming.headers
        why = "is missing" if is_missing else "was not made with the secret of this webhook"
        raise SignatureRefused(f"The header {header.title()} {why}.")
    Limit(DELIVERIES, A_MINUTE, most=webhook.most_per_minute, is_exact=True).count(webhook.pk)


def refused_lately(webhooks: Sequence[Webhook]) -> dict[int, int]:
    """Return how many deliveries of each webhook were refused in the hour that is counted."""
    keys = {f"{OF_WEBHOOK.kind} {webhook.pk}": webhook.pk for webhook in webhooks}
    rows = Counter.objects.filter(key__in=keys, until__gt=timezone.now())
    return {keys[key]: count for key, count in rows.values_list("key", "count")}


def _count_refused(webhook: Webhook, address: str) -> None:
    OF_ADDRESS.count(address)
    with transaction.atomic():
        if OF_WEBHOOK.count(webhook.pk) == 1:
            payload = {"webhook_id": webhook.pk, "name": webhook.name, "address": address}
            record(REFUSED, reason="a delivery was not signed with the secret", payload=payload)
