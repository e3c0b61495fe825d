"""`/webhooks` and `/deliveries`."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from tests.api.conftest import alice, anonymous, api  # noqa: F401 (fixtures)
from tests.factories import TemplateFactory, UserFactory
from tests.webhooks.conftest import Make, post
from workflow_triggers.models import Delivery, Webhook
from workflow_triggers.operations.webhooks import digest_of


def test_address_is_shown_once(api: APIClient) -> None:  # noqa: F811
    template = TemplateFactory.create(drawing="a")
    body = {
        "name": "push",
        "workflow_template_id": template.pk,
        "secret": "s",
        "condition": "body.x",
    }
    made = api.post("/webhooks", body, format="json")
    assert made.status_code == 201
    start, _, token = made.json()["url"].rpartition("/")
    assert start == "http://testserver/hooks"
    assert digest_of(token) == Webhook.objects.get().token_digest
    read = api.get(f"/webhooks/{made.json()['id']}").json()
    assert "url" not in read
    assert "secret" not in read
    assert (read["has_secret"], read["token_hint"]) == (True, token[:6])


def test_settings_are_changed_one_by_one(api: APIClient, hook: Make) -> None:  # noqa: F811
    webhook, _ = hook()
    changed = api.patch(f"/webhooks/{webhook.pk}", {"most_per_minute": 5}, format="json")
    assert (changed.status_code, changed.json()["most_per_minute"]) == (200, 5)
    webhook.refresh_from_db()
    assert (webhook.changed_by, webhook.changed_by_via) == ("alice", "API")
    wrong = api.patch(f"/webhooks/{webhook.pk}", {"condition": "nope.x"}, format="json")
    assert wrong.status_code == 400
    assert [*wrong.json()] == ["condition"]


def test_new_address_enable_and_disable(api: APIClient, hook: Make) -> None:  # noqa: F811
    webhook, old = hook(secret="")
    token = api.post(f"/webhooks/{webhook.pk}/new-token").json()["url"].rpartition("/")[2]
    assert [post(each).status_code for each in (old, token)] == [404, 202]
    off = api.post(f"/webhooks/{webhook.pk}/disable", {"reason": "freeze"}, format="json").json()
    assert (off["is_enabled"], off["switch_reason"], off["switched_by"]) == (
        False,
        "freeze",
        "alice",
    )
    assert api.post(f"/webhooks/{webhook.pk}/enable").json()["is_enabled"]
    assert api.delete(f"/webhooks/{webhook.pk}").status_code == 204
    assert not Webhook.objects.exists()


def test_deliveries_are_listed_and_delivered_again(api: APIClient, hook: Make) -> None:  # noqa: F811
    webhook, token = hook(secret="")
    for _ in range(2):
        post(token)
    listed = api.get(f"/webhooks/{webhook.pk}/deliveries").json()
    first = listed["results"][-1]
    assert (listed["count"], first["outcome"], first["can_redeliver"]) == (2, "run", True)
    again = api.post(f"/deliveries/{first['id']}/redeliver")
    assert (again.status_code, again.json()["redelivery_of"]) == (201, first["id"])
    Delivery.objects.update(encrypted_content="")
    assert api.post(f"/deliveries/{first['id']}/redeliver").status_code == 409
    [by_run] = api.get(f"/deliveries?run_id={first['run_id']}").json()["results"]
    assert by_run["id"] == first["id"]


OBSERVER = ["view_webhook", "view_delivery"]
AUTHOR = [*OBSERVER, "add_webhook", "change_webhook", "delete_webhook"]
OPERATOR = [*OBSERVER, "operate_schedule"]


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed"),
    [
        ("get", "/webhooks", None, {"observer", "author", "operator"}),
        ("get", "/webhooks/{0}/deliveries", None, {"observer", "author", "operator"}),
        ("get", "/deliveries/{1}", None, {"observer", "author", "operator"}),
        ("post", "/webhooks", {"name": "b", "workflow_template_id": 0}, {"author"}),
        ("patch", "/webhooks/{0}", {"name": "c"}, {"author"}),
        ("delete", "/webhooks/{0}", None, {"author"}),
        ("post", "/webhooks/{0}/new-token", None, {"author"}),
        ("post", "/webhooks/{0}/enable", {}, {"operator"}),
        ("post", "/webhooks/{0}/disable", {}, {"operator"}),
        ("post", "/deliveries/{1}/redeliver", None, {"operator"}),
    ],
)
def test_each_role_may_do_its_part(
    hook: Make, method: str, path: str, body: Any, allowed: set[str]
) -> None:
    webhook, token = hook(secret="")
    post(token)
    path = path.format(webhook.pk, Delivery.objects.get().pk)
    if body and "workflow_template_id" in body:
        body = {**body, "workflow_template_id": webhook.template_id}
    found = set()
    for role, names in {
        "nobody": [],
        "observer": OBSERVER,
        "operator": OPERATOR,
        "author": AUTHOR,
    }.items():
        user = UserFactory.create(username=role)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = APIClient()
        client.force_authenticate(user)
        if getattr(client, method)(path, body, format="json").status_code != 403:
            found.add(role)
    assert found == allowed


def test_webhooks_need_a_login(anonymous: APIClient) -> None:  # noqa: F811
    assert anonymous.get("/webhooks").status_code == 401
