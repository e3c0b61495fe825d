"""Webhooks are checked when they are saved, changed once, and leave events."""

from typing import Any

import pytest

from runners.encryption import decrypt
from tests.factories import TemplateFactory
from tests.webhooks.conftest import ANNA, SCHEMA, Make, post
from workflow_triggers.models import Webhook
from workflow_triggers.operations.webhooks import (
    change_webhook,
    create_webhook,
    delete_webhook,
    digest_of,
    new_token,
    set_webhook_enabled,
)
from workflows.errors import Invalid, NotFound
from workflows.models import Event, WorkflowRun
from workflows.models.actor import Actor

BERT = Actor("8", "bert", "API")


def trail() -> list[tuple[str, str]]:
    events = Event.objects.filter(event_type__startswith="webhook.").order_by("id")
    return [(event.event_type, event.actor) for event in events]


def test_token_is_stored_as_its_digest(hook: Make) -> None:
    webhook, token = hook(secret="shared secret")
    webhook.refresh_from_db()
    assert len(token) == 43
    assert (webhook.token_digest, webhook.token_hint) == (digest_of(token), token[:6])
    assert token not in repr(vars(webhook))
    assert decrypt(webhook.encrypted_secret) == "shared secret"
    assert trail() == [("webhook.created", "anna")]


def test_new_address_replaces_the_one_before(hook: Make) -> None:
    webhook, old = hook(secret="")
    _, new = new_token(webhook.pk, by=BERT)
    assert [post(each).status_code for each in (old, new)] == [404, 202]
    assert WorkflowRun.objects.get().created_by_user == "7"  # an address is no change of its runs


def test_whoever_changed_it_last_creates_its_runs(hook: Make) -> None:
    webhook, token = hook(secret="")
    change_webhook(webhook.pk, {"condition": "body.x"}, by=BERT)
    post(token, b'{"x": 1}')
    assert WorkflowRun.objects.get().created_by_user == "8"
    assert trail()[1:] == [("webhook.changed", "bert")]


def test_repeated_change_changes_nothing(hook: Make) -> None:
    values: dict[str, Any] = {"secret": "s", "condition": "body.x", "parameters": {"token": "t"}}
    webhook, _ = hook(**values)
    change_webhook(webhook.pk, values, by=BERT)
    change_webhook(webhook.pk, {"parameters": {"token": "********"}}, by=BERT)
    webhook.refresh_from_db()
    assert webhook.changed_by == "anna"
    assert decrypt(webhook.encrypted_secrets["token"]) == "t"
    assert trail() == [("webhook.created", "anna")]


def test_switching_leaves_who_when_and_why(hook: Make) -> None:
    webhook, _ = hook()
    for _ in range(2):
        set_webhook_enabled(webhook.pk, False, by=BERT, reason="freeze")
    webhook.refresh_from_db()
    assert (webhook.is_enabled, webhook.switched_by, webhook.switch_reason) == (
        False,
        "bert",
        "freeze",
    )
    assert webhook.changed_by == "anna"
    assert trail()[1:] == [("webhook.disabled", "bert")]


def test_deleted_webhook_leaves_its_runs(hook: Make) -> None:
    webhook, token = hook(secret="")
    post(token)
    delete_webhook(webhook.pk, by=BERT)
    assert WorkflowRun.objects.count() == 1
    assert post(token).status_code == 404
    assert trail()[-1] == ("webhook.deleted", "bert")
    with pytest.raises(NotFound):
        delete_webhook(webhook.pk, by=BERT)


def test_deleted_template_takes_its_webhooks_along(hook: Make) -> None:
    webhook, token = hook(secret="")
    post(token)
    webhook.template.delete()
    assert post(token).status_code == 404


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"name": " "}, "name", "Give a name"),
        ({"name": "x" * 201}, "name", "Give a name"),
        ({"name": "a\0"}, "name", "NUL"),
        ({"preset": "bitbucket"}, "preset", "generic, github, gitlab"),
        ({"secret": 7}, "secret", "Give a text"),
        ({"secret": "ä"}, "secret", "ASCII"),
        ({"most_per_minute": 0}, "most_per_minute", "from 1 to 6,000"),
        ({"most_per_minute": True}, "most_per_minute", "from 1 to 6,000"),
        ({"priority": "1"}, "priority", "Give a whole number"),
        ({"delivery_header": "X Build"}, "delivery_header", "name of a header"),
        ({"color": "red"}, "color", "Unknown field"),
        ({"is_enabled": 1}, "is_enabled", "true or false"),
        ({"condition": "body.x =="}, "condition", "body.x =="),
        ({"condition": "{{ body.x }}"}, "condition", "without braces"),
        ({"condition": "body.x }}{{ body.y"}, "condition", "one expression"),
        ({"condition": "true }} or {{ false"}, "condition", "one expression"),
        ({"condition": "params.x"}, "condition", "unknown name 'params'"),
        ({"condition": "body.x()"}, "condition", "calls are not available"),
        ({"condition": 7}, "condition", "one expression"),
        ({"expressions": {"sha": "{{ bod.x }}"}}, "expressions", "did you mean body"),
        ({"expressions": {"sha": "{{ body.x"}}, "expressions", "'}}' is missing"),
        ({"expressions": {"sha": "{% if x %}"}}, "expressions", "statements are not available"),
        ({"expressions": {"shaa": "{{ body.x }}"}}, "expressions", "did you mean sha"),
        ({"expressions": ["x"]}, "expressions", "must be an object"),
        ({"expressions": {"token": "plain"}}, "expressions", "under 'parameters'"),
        ({"parameters": {"day": "soon"}}, "parameters", "day: "),
        ({"parameters": {"sha": "{{ body.x }}"}}, "parameters", "under 'expressions'"),
        ({"parameters": {"other": 1}}, "parameters", "no such parameter"),
        ({"parameters": {"token": "********"}}, "parameters", "give the secret itself"),
        ({"parameters": 7}, "parameters", "must be an object"),
        (
            {"parameters": {"sha": "a"}, "expressions": {"sha": "{{ body.x }}"}},
            "expressions",
            "give it once",
        ),
    ],
)
def test_wrong_setting_is_named(hook: Make, values: dict[str, Any], field: str, said: str) -> None:
    schema = {**SCHEMA, "additionalProperties": False}
    with pytest.raises(Invalid) as refused:
        hook(schema=schema, **values)
    assert said in " ".join(refused.value.fields[field])
    assert not Webhook.objects.exists()


def test_name_is_unique_in_its_template(hook: Make) -> None:
    webhook, _ = hook()
    with pytest.raises(Invalid, match="choose another one"):
        create_webhook(webhook.template_id, {"name": "push"}, by=ANNA)
    other, _ = create_webhook(webhook.template_id, {"name": "other"}, by=ANNA)
    with pytest.raises(Invalid, match="choose another one"):
        change_webhook(other.pk, {"name": "push"}, by=ANNA)
    create_webhook(TemplateFactory.create().pk, {"name": "push"}, by=ANNA)


def test_unknown_template_is_named(db: None) -> None:
    with pytest.raises(NotFound, match="workflow template 99 not found"):
        create_webhook(99, {"name": "push"}, by=ANNA)


def test_template_without_a_schema_takes_any_parameter(db: None) -> None:
    template = TemplateFactory.create(drawing="a")
    values = {"name": "push", "expressions": {"anything": "{{ body }}"}}
    _, token = create_webhook(template.pk, values, by=ANNA)
    post(token, b'{"x": [1]}')
    assert WorkflowRun.objects.get().parameters == {"anything": {"x": [1]}}
