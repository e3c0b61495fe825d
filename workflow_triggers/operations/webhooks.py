"""Operations on webhooks: make, change, switch and delete them, and give them a new address."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from runners import transaction
from runners.encryption import WRONG_KEYS, decrypt, encrypt
from workflow_triggers.deliveries.checks import check_secret, check_webhook, take_given
from workflow_triggers.models import Webhook
from workflows.db.doors import nestable
from workflows.db.time_limits import locking
from workflows.errors import Invalid, NotFound
from workflows.models import WorkflowTemplate
from workflows.models.actor import Actor, By, as_actor
from workflows.payloads.parameters import secret_names
from workflows.payloads.secrets import MASK
from workflows.payloads.suggestions import unknown
from workflows.runs.events import record

CREATED = "webhook.created"
CHANGED = "webhook.changed"
NEW_TOKEN = "webhook.new_token"  # noqa: S105 (a type of event)
ENABLED = "webhook.enabled"
DISABLED = "webhook.disabled"
DELETED = "webhook.deleted"
EVENT_TYPES = (CREATED, CHANGED, NEW_TOKEN, ENABLED, DISABLED, DELETED)

TOKEN_BYTES = 32
LONGEST_HINT = 6
SETTINGS = (
    "name",
    "preset",
    "condition",
    "expressions",
    "parameters",
    "delivery_header",
    "most_per_minute",
    "priority",
)
TAKEN = "This template has a webhook with this name already; choose another one."
LONGEST_REASON = 4_000


@nestable
def create_webhook(template_id: int, values: Mapping[str, Any], *, by: By) -> tuple[Webhook, str]:
    """
    Make an address that starts runs of a template; return the webhook and the token of its address.

    The token is stored nowhere: show it now, or never.

    :param values: settings by name, and `secret`, with which the sender signs.
    :raises NotFound: if there is no such template.
    :raises Invalid: naming each setting that is wrong.
    """
    by = as_actor(by)
    webhook = Webhook(template=_template(template_id), is_enabled=values.get("is_enabled", True))
    if not isinstance(webhook.is_enabled, bool):
        raise Invalid({"is_enabled": ["Give true or false."]})
    _set(webhook, {name: value for name, value in values.items() if name != "is_enabled"})
    token = _give_token(webhook)
    _save(webhook, by)
    _record(CREATED, webhook, by)
    return webhook, token


@nestable
def change_webhook(webhook_id: int, values: Mapping[str, Any], *, by: By) -> Webhook:
    """
    Change some settings of a webhook; what is not named stays. A repeated call changes nothing.

    :raises NotFound: if there is no such webhook.
    :raises Invalid: naming each setting that is wrong.
    """
    by = as_actor(by)
    webhook = lock_webhook(webhook_id)
    before = _settings_of(webhook)
    _set(webhook, values)
    after = _settings_of(webhook)
    if changed := sorted(name for name in after if after[name] != before[name]):
        _save(webhook, by)
        _record(CHANGED, webhook, by, changed=changed)
    return webhook


@nestable
def new_token(webhook_id: int, *, by: By) -> tuple[Webhook, str]:
    """
    Give a webhook a new address; return its token. The one before is unknown from now on.

    :raises NotFound: if there is no such webhook.
    """
    by = as_actor(by)
    webhook = lock_webhook(webhook_id)
    token = _give_token(webhook)
    webhook.save(update_fields=["token_digest", "token_hint"])
    _record(NEW_TOKEN, webhook, by, hint=webhook.token_hint)
    return webhook, token


@nestable
def set_webhook_enabled(webhook_id: int, is_enabled: bool, *, by: By, reason: str = "") -> Webhook:
    """
    Enable or disable a webhook. A repeated call changes nothing.

    What arrives while it is disabled is kept, makes no run and is told why.

    :raises NotFound: if there is no such webhook.
    :raises Invalid: if the reason is too long.
    """
    by = as_actor(by)
    if len(reason) > LONGEST_REASON:
        raise Invalid({"reason": [f"Give at most {LONGEST_REASON:,} characters."]})
    webhook = lock_webhook(webhook_id)
    if webhook.is_enabled != is_enabled:
        webhook.is_enabled, webhook.switch_reason = is_enabled, reason
        webhook.switched_at, webhook.switched_by = timezone.now(), by.name
        webhook.save(update_fields=["is_enabled", "switch_reason", "switched_at", "switched_by"])
        _record(ENABLED if is_enabled else DISABLED, webhook, by, reason=reason)
    return webhook


@nestable
def delete_webhook(webhook_id: int, *, by: By) -> None:
    """
    Delete a webhook with what it has received; its runs stay.

    :raises NotFound: if there is no such webhook.
    """
    by = as_actor(by)
    webhook = lock_webhook(webhook_id)
    _record(DELETED, webhook, by)
    webhook.delete()


def lock_webhook(webhook_id: int) -> Webhook:
    """
    Lock a webhook until the transaction ends, so that it changes once at a time.

    :raises NotFound: if there is no such webhook.
    """
    rows = Webhook.objects.select_for_update(no_key=True, of=("self",)).select_related("template")
    with locking("webhook", webhook_id):
        found = rows.filter(pk=webhook_id).first()
    if found is None:
        raise NotFound("webhook", webhook_id)
    return found


def digest_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _template(template_id: int) -> WorkflowTemplate:
    found = WorkflowTemplate.objects.filter(pk=template_id).first()
    if found is None:
        raise NotFound("workflow template", template_id)
    return found


def _give_token(webhook: Webhook) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    webhook.token_digest, webhook.token_hint = digest_of(token), token[:LONGEST_HINT]
    return token


def _settings_of(webhook: Webhook) -> dict[str, Any]:
    """Return what may be compared of a webhook; encrypted texts differ each time."""
    own = {name: getattr(webhook, name) for name in SETTINGS}
    return {**own, "secret": webhook.encrypted_secret, "secrets": webhook.encrypted_secrets}


def _set(webhook: Webhook, values: Mapping[str, Any]) -> None:
    known = (*SETTINGS, "secret")
    if wrong := {name: [unknown("field", name, known)] for name in values if name not in known}:
        raise Invalid(wrong)
    for name in SETTINGS:
        if name in values and name != "parameters":
            setattr(webhook, name, values[name])
    schema = webhook.template.parameters_schema or {}
    try:
        if "parameters" in values:
            _set_parameters(webhook, schema, values["parameters"])
        if "secret" in values:
            _set_secret(webhook, values["secret"])
    except ValueError:
        raise Invalid({"secret": [WRONG_KEYS]}) from None
    check_webhook(webhook, schema)


def _set_parameters(webhook: Webhook, schema: dict[str, Any], given: Any) -> None:
    """Replace the fixed parameters; a secret that is shown masked stays as it is."""
    kept = webhook.encrypted_secrets
    stays = {
        name
        for name in secret_names(schema)
        if isinstance(given, dict) and given.get(name) == MASK and name in kept
    }
    new = {name: each for name, each in given.items() if name not in stays} if stays else given
    shown, values = take_given(schema, new)
    before = {name: kept[name] for name in stays}
    webhook.parameters = {**shown, **dict.fromkeys(stays, MASK)}
    webhook.encrypted_secrets = before | {
        # The same secret again is no change, though it would be encrypted to another text.
        name: kept[name] if name in kept and decrypt(kept[name]) == text else encrypt(text)
        for name, text in values.items()
    }


def _set_secret(webhook: Webhook, secret: Any) -> None:
    check_secret(secret)
    if secret != webhook.secret:
        webhook.encrypted_secret = encrypt(secret) if secret else ""


def _save(webhook: Webhook, by: Actor) -> None:
    webhook.changed_by, webhook.changed_by_user = by.name, by.user
    webhook.changed_by_via = by.via
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError:
        raise Invalid({"name": [TAKEN]}) from None


def _record(event_type: str, webhook: Webhook, by: Actor, *, reason: str = "", **more: Any) -> None:
    payload = {
        "webhook_id": webhook.pk,
        "name": webhook.name,
        "template_id": webhook.template_id,
        **more,
    }
    record(event_type, by=by, reason=reason, payload=payload)
