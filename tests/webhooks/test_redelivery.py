"""What has arrived is kept for a while, and can be delivered again."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from runners.encryption import decrypt
from tests.webhooks.bodies import GITHUB_PUSH, SHA, as_github
from tests.webhooks.conftest import Make, post
from workflow_triggers.models import Delivery, Webhook
from workflow_triggers.operations import deliveries
from workflow_triggers.operations.deliveries import forget_deliveries, redeliver
from workflow_triggers.operations.webhooks import change_webhook, set_webhook_enabled
from workflows.errors import NotFound, WrongState
from workflows.models import Event, WorkflowRun
from workflows.models.actor import NOBODY, Actor

CLARA = Actor("9", "clara", "web")


def test_redelivery_has_the_present_settings(hook: Make) -> None:
    webhook, token = hook(preset="github", condition="body.ref == 'refs/heads/next'")
    post(token, *as_github(GITHUB_PUSH))
    first = Delivery.objects.get()
    change_webhook(
        webhook.pk, {"condition": "", "expressions": {"sha": "{{ body.after }}"}}, by=CLARA
    )
    again = redeliver(first.pk, by=NOBODY)
    run = WorkflowRun.objects.get()
    assert (first.outcome, again.outcome, again.run_id) == ("false", "run", run.pk)
    assert (again.redelivery_of, again.delivery_id, again.facts) == (first.pk, "", first.facts)
    assert run.parameters == {"sha": SHA}
    assert run.created_by_user == "9"


def test_redelivery_leaves_an_event_and_makes_a_run_each_time(hook: Make) -> None:
    _, token = hook(secret="")
    post(token)
    first = Delivery.objects.get()
    redeliver(redeliver(first.pk, by=CLARA).pk, by=CLARA)
    assert WorkflowRun.objects.count() == 3
    event = Event.objects.filter(event_type="webhook.redelivered").latest("id")
    assert (event.actor, event.payload["of"]) == ("clara", first.pk + 1)


def test_redelivery_at_a_disabled_webhook_says_so(hook: Make) -> None:
    webhook, token = hook(secret="")
    post(token)
    set_webhook_enabled(webhook.pk, False, by=CLARA)
    assert redeliver(Delivery.objects.get().pk, by=CLARA).outcome == "disabled"


def test_unknown_delivery_is_named(db: None) -> None:
    with pytest.raises(NotFound, match="delivery 9 not found"):
        redeliver(9, by=CLARA)


def test_content_is_kept_encrypted_without_credentials(hook: Make) -> None:
    _, token = hook(preset="github")
    body, headers = as_github(GITHUB_PUSH)
    post(token, body, {**headers, "Authorization": "Basic c2VjcmV0", "Cookie": "a=b"})
    kept = Delivery.objects.get().encrypted_content
    assert SHA not in kept
    content = decrypt(kept) or ""
    assert SHA in content
    assert all(each not in content for each in ("c2VjcmV0", "a=b", "sha256="))


def test_contents_of_the_latest_alone_are_kept(hook: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "KEEP_CONTENTS", 2)
    for name in ("push", "pull"):
        _, token = hook(secret="", name=name)
        for _ in range(4):
            post(token)
    assert forget_deliveries(by=NOBODY) == 4
    assert forget_deliveries(by=NOBODY) == 0
    assert [bool(each.encrypted_content) for each in Delivery.objects.order_by("id")] == [
        *(False, False, True, True),
        *(False, False, True, True),
    ]
    with pytest.raises(WrongState, match="only the latest 2"):
        redeliver(Delivery.objects.earliest("id").pk, by=NOBODY)


def test_old_deliveries_are_removed(hook: Make) -> None:
    _, token = hook(secret="")
    for days in (31, 29):
        post(token)
        late = timezone.now() - timedelta(days=days)
        Delivery.objects.filter(pk=Delivery.objects.latest("id").pk).update(received_at=late)
    assert forget_deliveries(by=NOBODY) == 1
    assert Delivery.objects.count() == 1


def test_secrets_are_rotated(hook: Make, settings: Settings) -> None:
    webhook, token = hook(secret="", parameters={"token": "t"})
    post(token)
    webhook, _ = hook(name="signed")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    settings.SECRET_KEY_FALLBACKS = [old]
    call_command("rotate_secrets", verbosity=0)
    settings.SECRET_KEY_FALLBACKS = []
    assert Webhook.objects.get(pk=webhook.pk).secret == "a secret between us"
    assert redeliver(Delivery.objects.get().pk, by=NOBODY).run_id
