"""Operations on deliveries: take one that has arrived, deliver one again, forget old ones."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from runners.base import storable
from runners.encryption import WRONG_KEYS
from workflow_triggers.deliveries.incoming import Incoming
from workflow_triggers.deliveries.senders import delivery_id_of, facts_of
from workflow_triggers.deliveries.verdict import Verdict, judge
from workflow_triggers.models import Delivery, DeliveryOutcome, Webhook
from workflows.db.doors import nestable
from workflows.errors import Conflict, Invalid, NotFound, WrongState
from workflows.models.actor import Actor, By, as_actor
from workflows.models.bounds import LONGEST_REASON, cut
from workflows.operations import start_run
from workflows.operations.checks import Refusal, enforce
from workflows.runs.events import record

REDELIVERED = "webhook.redelivered"
KEEP_CONTENTS = 50
"""So many of the latest deliveries of a webhook can be delivered again."""
KEEP = timedelta(days=30)
"""How long a delivery is known, so that its repetition makes no second run."""
BATCH = 1_000
GONE = "what delivery {} contained was removed: only the latest {} of a webhook are kept"
UNREADABLE = "what delivery {} contained cannot be read with the present SECRETS_KEYS"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a delivery."""

    delivery: Delivery
    is_repeated: bool = False
    """It had arrived before."""

    @property
    def reason(self) -> str | None:
        """Why it has made no run, or none of its own; None if it has."""
        if not self.is_repeated:
            return self.delivery.reason or None
        became = self.delivery.reason or f"it made workflow run {self.delivery.run_id}"
        return f"repeated: delivery {self.delivery.pk} was this one; {became}"


def take_delivery(webhook: Webhook, incoming: Incoming) -> Taken:
    """
    Make the run of a delivery, or keep the reason why there is none; the caller knows the sender.

    Of any number of processes that take the same delivery at once, one makes the run.

    :raises BadBody: if it cannot be read; nothing is kept then.
    :raises NotFound: if the webhook was deleted meanwhile.
    """
    names = incoming.names()
    delivery = Delivery(
        webhook=webhook,
        delivery_id=delivery_id_of(webhook, incoming),
        size=len(incoming.body),
        sender=incoming.sender,
        facts=facts_of(webhook, incoming, names["body"]),
    )
    # Before the transaction: nobody waits for what an expression takes.
    verdict = judge(webhook, incoming, names)
    try:
        return Taken(_store(delivery, incoming, verdict))
    except IntegrityError:
        return Taken(_earlier(delivery), is_repeated=True)


@nestable
def redeliver(delivery_id: int, *, by: By) -> Delivery:
    """
    Evaluate a delivery again, with the present settings of its webhook, as a new delivery.

    As of the first time, whoever has last changed the webhook counts as the creator of the run.

    :raises NotFound: if there is no such delivery.
    :raises Conflict: if its content is no longer there.
    """
    by = as_actor(by)
    rows = Delivery.objects.select_related("webhook__template")
    if (earlier := rows.filter(pk=delivery_id).first()) is None:
        raise NotFound("delivery", delivery_id)
    enforce(check_redeliver(earlier, by))
    if (incoming := Incoming.decrypted(earlier.encrypted_content)) is None:
        raise WrongState(UNREADABLE.format(earlier.pk))
    webhook = earlier.webhook
    again = Delivery(
        webhook=webhook,
        redelivery_of=earlier.pk,
        size=earlier.size,
        sender=earlier.sender,
        facts=earlier.facts,
    )
    _store(again, incoming, judge(webhook, incoming, incoming.names()))
    payload = {"webhook_id": webhook.pk, "name": webhook.name, "delivery_id": again.pk}
    record(REDELIVERED, by=by, reason=again.reason, payload={**payload, "of": earlier.pk})
    return again


def check_redeliver(delivery: Delivery, by: Actor) -> Refusal:
    """Refuse a delivery whose content is no longer kept."""
    if delivery.encrypted_content:
        return None
    return WrongState(GONE.format(delivery.pk, KEEP_CONTENTS))


def forget_deliveries(*, by: Actor) -> int:
    """Remove what is kept of old deliveries, some in each round; return how many rows."""
    old = Delivery.objects.filter(received_at__lt=timezone.now() - KEEP).order_by("received_at")
    ids = list(old.values_list("pk", flat=True)[:BATCH])
    removed = Delivery.objects.filter(pk__in=ids).delete()[0] if ids else 0
    return removed + _empty_all_but_the_latest()


def _empty_all_but_the_latest() -> int:
    place = Window(RowNumber(), partition_by=F("webhook"), order_by=F("id").desc())
    full = Delivery.objects.exclude(encrypted_content="").order_by()
    late = full.annotate(place=place).filter(place__gt=KEEP_CONTENTS).values_list("pk", flat=True)
    ids = list(late[:BATCH])
    return Delivery.objects.filter(pk__in=ids).update(encrypted_content="") if ids else 0


@nestable
def _store(delivery: Delivery, incoming: Incoming, verdict: Verdict) -> Delivery:
    """Insert a delivery, which only one process can do, and make its run."""
    delivery.outcome, delivery.reason = verdict.outcome, _storable_reason(verdict.reason)
    try:
        delivery.encrypted_content = incoming.encrypted()
    except ValueError:
        raise Invalid({"webhook": [WRONG_KEYS]}) from None
    delivery.save(force_insert=True)
    if verdict.outcome == DeliveryOutcome.RUN:
        _make_run(delivery, verdict.parameters)
        delivery.save(update_fields=["outcome", "reason", "run_id"])
    return delivery


def _make_run(delivery: Delivery, parameters: dict[str, Any]) -> None:
    webhook = delivery.webhook
    trigger = {
        "kind": "webhook",
        "id": webhook.pk,
        "name": webhook.name,
        "moment": delivery.received_at.isoformat(),
    }
    by = Actor(webhook.changed_by_user, f"webhook {webhook.name}", "webhook")
    try:
        run = start_run(
            webhook.template_id,
            parameters,
            by=by,
            auto_dispatch=True,
            in_background=True,
            priority=webhook.priority,
            trigger=trigger,
        )
    except (Conflict, Invalid, NotFound) as exc:
        delivery.outcome, delivery.reason = DeliveryOutcome.REFUSED, _storable_reason(exc.detail)
    else:
        delivery.run_id = run.pk


def _storable_reason(reason: str) -> str:
    return storable(cut(reason, most=LONGEST_REASON))


def _earlier(delivery: Delivery) -> Delivery:
    """Return the delivery that has the same number."""
    same = Delivery.objects.filter(webhook=delivery.webhook_id, delivery_id=delivery.delivery_id)
    if delivery.delivery_id and (found := same.select_related("webhook").first()):
        return found
    raise NotFound("webhook", delivery.webhook_id)  # its row was deleted meanwhile
