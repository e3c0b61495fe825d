"""What follows from a delivery: the parameters of a run, or the reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runners.encryption import decrypt
from workflow_triggers.deliveries.incoming import Incoming
from workflow_triggers.deliveries.senders import why_ignored
from workflow_triggers.models import DeliveryOutcome, Webhook
from workflows.payloads.parameters import secret_names
from workflows.payloads.rendering import render_over
from workflows.payloads.work import BadExpression, Work

SECRET_FAILED = "the expression of a secret cannot be evaluated over this delivery"  # noqa: S105 (a sentence)
UNREADABLE = "cannot be read with the present SECRETS_KEYS; enter it again"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about a delivery."""

    outcome: DeliveryOutcome
    reason: str = ""
    parameters: dict[str, Any] = field(default_factory=dict, repr=False)


def as_text(condition: str) -> str:
    """Return the text of a payload that has the value of a condition."""
    return f"{{{{ {condition} }}}}"


def judge(webhook: Webhook, incoming: Incoming, names: Mapping[str, Any]) -> Verdict:
    """Evaluate the condition and the expressions of a webhook; nothing is read or written."""
    if not webhook.is_enabled:
        return Verdict(DeliveryOutcome.DISABLED, f"the webhook {webhook.name} is disabled")
    if why := why_ignored(webhook, incoming):
        return Verdict(DeliveryOutcome.IGNORED, why)
    work = Work()
    try:
        if webhook.condition and not render_over(names, as_text(webhook.condition), work):
            return Verdict(DeliveryOutcome.FALSE, f"not true: {webhook.condition}")
    except BadExpression as exc:
        return Verdict(DeliveryOutcome.REFUSED, f"condition: {exc}")
    return _with_parameters(webhook, names, work)


def _with_parameters(webhook: Webhook, names: Mapping[str, Any], work: Work) -> Verdict:
    known = {name: decrypt(token) for name, token in webhook.encrypted_secrets.items()}
    if lost := [name for name, value in known.items() if value is None]:
        return Verdict(DeliveryOutcome.REFUSED, f"parameters: {lost[0]}: {UNREADABLE}")
    found: dict[str, Any] = {**webhook.parameters, **known}
    hidden = secret_names(webhook.template.parameters_schema or {})
    for name, expression in webhook.expressions.items():
        try:
            found[name] = render_over(names, expression, work)
        except BadExpression as exc:
            why = SECRET_FAILED if name in hidden else exc
            return Verdict(DeliveryOutcome.REFUSED, f"parameters: {name}: {why}")
    return Verdict(DeliveryOutcome.RUN, parameters=found)
