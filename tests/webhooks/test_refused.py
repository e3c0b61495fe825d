"""What is forged, too large or malformed is refused, and leaves next to nothing."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runners.encryption import encrypt
from tests.webhooks.bodies import GITHUB_PUSH, GITLAB_PUSH, as_github, as_gitlab, signature
from tests.webhooks.conftest import Make, post
from workflow_triggers.limits import HOOKS
from workflow_triggers.models import Delivery, Webhook
from workflow_triggers.operations.refusals import OF_ADDRESS
from workflows.models import Counter, Event, WorkflowRun

FORM = "application/x-www-form-urlencoded"


def refusals() -> list[dict[str, Any]]:
    return [event.payload for event in Event.objects.filter(event_type="webhook.refused")]


def test_unknown_address_is_404_and_leaves_a_counter(db: None) -> None:
    answer = post("forged")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "forged" not in answer.content.decode()
    assert (Counter.objects.count(), Event.objects.count()) == (1, 0)


def test_address_that_guesses_is_told_to_wait(db: None) -> None:
    for _ in range(OF_ADDRESS.most):
        assert post("forged").status_code == 404
    answer = post("forged")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert post("forged", address="10.0.0.10").status_code == 404


def test_throttled_address_may_still_deliver(hook: Make) -> None:
    _, token = hook(secret="")
    for _ in range(OF_ADDRESS.most + 1):
        post("forged")
    assert post(token).status_code == 202


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_other_methods_are_405(hook: Make, method: str) -> None:
    _, token = hook()
    for address in (token, "forged"):
        assert getattr(Client(), method)(f"/hooks/{address}").status_code == 405


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "sha256=",
        "sha1=aa",
        signature(b"{}", "another"),
        signature(b"{ }"),
        signature(b"{}").upper(),
        "sha256=\xe9",
    ],
)
def test_wrong_signature_is_401_without_a_row_per_request(hook: Make, given: str | None) -> None:
    webhook, token = hook()
    headers = {} if given is None else {"X-Hub-Signature-256": given}
    answers = [post(token, b"{}", headers) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["code"] for answer in answers} == {"signature_refused"}
    [payload] = refusals()
    assert payload == {"webhook_id": webhook.pk, "name": "push", "address": "10.0.0.9"}
    assert Counter.objects.count() == 2
    assert not Delivery.objects.exists()
    assert not WorkflowRun.objects.exists()


def test_signature_is_checked_before_the_body_is_read(hook: Make) -> None:
    _, token = hook()
    body = b"not JSON"
    assert post(token, body).status_code == 401
    assert post(token, body, {"X-Hub-Signature-256": signature(body)}).status_code == 400


def test_gitlab_sends_the_secret_itself(hook: Make) -> None:
    _, token = hook(preset="gitlab")
    body, headers = as_gitlab(GITLAB_PUSH)
    for wrong in ("", "another", "\xe9"):
        assert post(token, body, {**headers, "X-Gitlab-Token": wrong}).status_code == 401
    assert post(token, body, {"X-Hub-Signature-256": signature(body)}).status_code == 401
    assert post(token, body, headers).status_code == 202


def test_more_than_the_limit_is_413_before_anything_else(hook: Make) -> None:
    _, token = hook()
    most = HOOKS.anonymous
    body = b'{"x": "' + b"y" * (most - 9) + b'"}'
    headers = {"X-Hub-Signature-256": signature(body)}
    assert len(body) == most
    assert post(token, body, headers).status_code == 202
    for address in (token, "forged"):
        answer = post(address, body + b" ", headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"day=1", FORM, "no field 'payload'"),
        (b"payload=1&payload=2", FORM, "'payload' comes twice"),
        (b"payload=%ff", FORM, "not text in UTF-8"),
        (b"payload=[", FORM, "not valid JSON"),
        (b"&".join(b"a%d=" % n for n in range(300)), FORM, "more than 200 fields"),
        (b"<a/>", "text/xml", "must be JSON"),
        (b'{"a": 1, "a": 2}', "application/json", "duplicate key 'a'"),
        (b"[1]", "application/json", "must be a JSON object"),
        (b"nonsense", "application/json", "not valid JSON"),
        (b'{"a": NaN}', "application/json", "NaN is not a number"),
        (b'{"a": "\xff"}', "application/json", "not text in UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "application/json", "not text in UTF-8"),
        (b"[" * 100_000, "application/json", "more than 50,000 values"),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "application/json", "nested too deeply"),
        (b'{"a": ' + b"1" * 10_000 + b"}", "application/json", "too long"),
    ],
)
def test_malformed_body_is_400_that_says_why(hook: Make, body: bytes, kind: str, said: str) -> None:
    _, token = hook()
    answer = post(token, body, {"X-Hub-Signature-256": signature(body)}, content_type=kind)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]
    assert not Delivery.objects.exists()


def test_key_that_comes_twice_in_the_query_is_400(hook: Make) -> None:
    _, token = hook(secret="")
    answer = post(token, query="?day=1&day=2")
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "'day' comes twice in the query of the address.",
    )


def test_deep_value_that_is_used_leaves_a_reason(hook: Make) -> None:
    _, token = hook(secret="", expressions={"sha": "{{ body.a }}"})
    deep = json.dumps({"a": json.loads("[" * 80 + "]" * 80)}).encode()
    answer = post(token, deep)
    assert answer.status_code == 202
    assert "nested deeper than 50 levels" in answer.json()["reason"]


@pytest.mark.parametrize("text", [r"\u0000", r"\ud800"])
def test_text_that_no_database_stores_leaves_a_reason(hook: Make, text: str) -> None:
    _, token = hook(secret="", expressions={"sha": "{{ body.a }}"})
    answer = post(token, f'{{"a": "{text}", "ref": "{text}"}}'.encode())
    assert (answer.status_code, answer.json()["run_id"]) == (202, None)
    assert "cannot be stored" in answer.json()["reason"]


def test_unstorable_text_that_is_not_used_does_no_harm(hook: Make) -> None:
    _, token = hook(preset="github", secret="")
    body = json.dumps({**GITHUB_PUSH, "ref": "a\0b\ud800"}).encode()
    answer = post(token, body, {"X-GitHub-Event": "push"})
    assert answer.json()["run_id"]


def test_expression_that_does_too_much_leaves_a_reason(hook: Make) -> None:
    costly = "{{ " + " ~ ".join(["(body.a | sort | tojson)"] * 200) + " }}"
    _, token = hook(secret="", expressions={"sha": costly})
    body = json.dumps({"a": ["y"] * 40_000}).encode()
    assert "too much work" in post(token, body).json()["reason"]


def test_too_many_in_a_minute_are_told_to_wait(hook: Make) -> None:
    _, token = hook(secret="", most_per_minute=2)
    assert [post(token).status_code for _ in range(3)] == [202, 202, 429]
    assert int(post(token)["Retry-After"]) > 0
    assert Delivery.objects.count() == 2


def test_forged_deliveries_take_no_place_of_the_others(hook: Make) -> None:
    _, token = hook(preset="github", most_per_minute=1)
    for _ in range(3):
        assert post(token, b"{}").status_code == 401
    assert post(token, *as_github(GITHUB_PUSH)).status_code == 202


def test_secret_that_cannot_be_read_refuses_all(hook: Make) -> None:
    webhook, token = hook()
    Webhook.objects.filter(pk=webhook.pk).update(encrypted_secret=encrypt("x")[:-4])
    answer = post(token, b"{}", {"X-Hub-Signature-256": signature(b"{}")})
    assert (answer.status_code, answer.json()["code"]) == (503, "secret_unreadable")


def test_a_refused_delivery_costs_a_constant_number_of_statements(hook: Make) -> None:
    _, token = hook()
    post(token, b"{}")
    counts = []
    for size in (1, 200_000):
        with CaptureQueriesContext(connection) as queries:
            post(token, b" " * size)
        counts.append(len(queries))
    assert counts == [7, 7]
