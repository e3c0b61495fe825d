"""Encrypts the secrets of schedules and webhooks with the first key."""

from collections.abc import Iterator

from django.db.models import Q

from runners import transaction
from runners.encryption import reencrypt
from workflow_triggers.models import Delivery, Schedule, Webhook
from workflows.payloads.rotation import Rotated, with_first_key

SECRET = "secret"  # noqa: S105 (a word)
BATCH = 100


def rotate_triggers() -> Iterator[Rotated]:
    """Rotate one after the other; what cannot be read stays as it is, and is named."""
    for pk in Schedule.objects.exclude(encrypted_secrets={}).values_list("pk", flat=True):
        with transaction.atomic():  # somebody may be entering new ones
            yield from _rotate(Schedule, pk)
    secret = ~Q(encrypted_secrets={}) | ~Q(encrypted_secret="")
    for pk in Webhook.objects.filter(secret).values_list("pk", flat=True):
        with transaction.atomic():
            yield from _rotate(Webhook, pk)
    yield from _rotate_deliveries()


def _rotate(model: type[Schedule] | type[Webhook], pk: int) -> Iterator[Rotated]:
    row = model.objects.select_for_update(no_key=True).filter(pk=pk).order_by("pk").first()
    if row is None:
        return
    parameters, unreadable = with_first_key(row.encrypted_secrets)
    changed: dict[str, object] = {"encrypted_secrets": parameters}
    is_changed = parameters != row.encrypted_secrets
    if isinstance(row, Webhook) and row.encrypted_secret:
        token = reencrypt(row.encrypted_secret)
        unreadable += [SECRET] if token is None else []
        changed["encrypted_secret"] = token or row.encrypted_secret
        is_changed = is_changed or changed["encrypted_secret"] != row.encrypted_secret
    if is_changed:
        model.objects.filter(pk=pk).update(**changed)
    yield Rotated(f"{model._meta.verbose_name} {row.name}", is_changed, unreadable)


def _rotate_deliveries() -> Iterator[Rotated]:
    last = 0
    while batch := list(
        Delivery.objects.exclude(encrypted_content="")
        .filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", "encrypted_content")[:BATCH]
    ):
        for pk, content in batch:
            token = reencrypt(content)
            if is_changed := token not in {None, content}:
                Delivery.objects.filter(pk=pk, encrypted_content=content).update(
                    encrypted_content=token
                )
            yield Rotated(f"delivery {pk}", is_changed, ["content"] if token is None else [])
        last = batch[-1][0]
