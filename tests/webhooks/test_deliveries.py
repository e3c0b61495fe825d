"""A delivery makes one run, or leaves the reason why it has made none."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.support.secrets import places_of
from tests.webhooks.bodies import (
    GITHUB_PING,
    GITHUB_PUSH,
    GITHUB_RELEASE,
    GITLAB_PUSH,
    SECRET,
    SHA,
    as_github,
    as_gitlab,
    signature,
)
from tests.webhooks.conftest import Make, post
from workflow_triggers.models import Delivery
from workflow_triggers.operations.webhooks import set_webhook_enabled
from workflows.models import Event, WorkflowRun
from workflows.models.actor import NOBODY

MAIN = "body.ref == 'refs/heads/main'"
PUSH = {"sha": "{{ body.after }}", "commits": "{{ body.commits | length }}"}


def test_push_of_github_starts_a_run(hook: Make) -> None:
    webhook, token = hook(preset="github", condition=MAIN, expressions=PUSH, priority=7)
    answer = post(token, *as_github(GITHUB_PUSH))
    run = WorkflowRun.objects.get()
    delivery = Delivery.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {
        "delivery_id": delivery.pk,
        "run_id": run.pk,
        "run_url": f"http://testserver/admin/workflows/workflowrun/{run.pk}/change/",
        "reason": None,
    }
    assert run.parameters == {"sha": SHA, "commits": 1}
    assert run.trigger == {
        "kind": "webhook",
        "id": webhook.pk,
        "name": "push",
        "moment": delivery.received_at.isoformat(),
    }
    assert (run.created_by, run.created_by_user, run.created_by_via) == (
        "webhook push",
        "7",
        "webhook",
    )
    assert (run.auto_dispatch, run.priority) == (True, 7)
    assert delivery.facts == {"event": "push", "repository": "acme/site", "ref": "refs/heads/main"}


def test_other_branch_makes_no_run(hook: Make) -> None:
    _, token = hook(preset="github", condition=MAIN, expressions=PUSH)
    answer = post(token, *as_github({**GITHUB_PUSH, "ref": "refs/heads/next"}))
    assert (answer.status_code, answer.json()["run_id"]) == (202, None)
    assert answer.json()["reason"] == f"not true: {MAIN}"
    assert not WorkflowRun.objects.exists()


def test_ping_of_github_makes_no_run(hook: Make) -> None:
    _, token = hook(preset="github", condition=MAIN)
    answer = post(token, *as_github(GITHUB_PING, "ping"))
    assert answer.json()["reason"] == "ping: GitHub has only tried the address"
    assert Delivery.objects.get().outcome == "ignored"


def test_release_of_github_starts_a_run(hook: Make) -> None:
    _, token = hook(
        preset="github",
        condition="headers['x-github-event'] == 'release' and body.action == 'published'",
        expressions={"sha": "release {{ body.release.tag_name }}"},
    )
    post(token, *as_github(GITHUB_RELEASE, "release"))
    assert WorkflowRun.objects.get().parameters == {"sha": "release v1.4.0"}


def test_push_of_gitlab_starts_a_run(hook: Make) -> None:
    _, token = hook(
        preset="gitlab",
        condition="headers['x-gitlab-event'] == 'Push Hook'",
        expressions={"sha": "{{ body.checkout_sha }}", "commits": "{{ body.total_commits_count }}"},
    )
    answer = post(token, *as_gitlab(GITLAB_PUSH))
    assert answer.json()["run_id"] == WorkflowRun.objects.get().pk
    assert WorkflowRun.objects.get().parameters["commits"] == 4
    assert Delivery.objects.get().delivery_id == "f5e5f430"


def test_form_with_payload_starts_a_run(hook: Make) -> None:
    _, token = hook(preset="github", expressions=PUSH)
    body = urlencode({"payload": json.dumps(GITHUB_PUSH)}).encode()
    headers = {"X-Hub-Signature-256": signature(body), "X-GitHub-Event": "push"}
    answer = post(token, body, headers, content_type="application/x-www-form-urlencoded")
    assert answer.json()["run_id"]
    assert WorkflowRun.objects.get().parameters["sha"] == SHA


def test_query_and_headers_become_parameters(hook: Make) -> None:
    _, token = hook(
        secret="", expressions={"sha": "{{ headers['x-commit'] }}", "day": "{{ query.day }}"}
    )
    post(token, b"", {"X-Commit": "abc"}, query="?day=2026-11-30")
    assert WorkflowRun.objects.get().parameters == {"sha": "abc", "day": "2026-11-30"}


@pytest.mark.parametrize("header", ["Authorization", "Cookie", "X-Hub-Signature-256"])
def test_credentials_among_headers_are_unknown(hook: Make, header: str) -> None:
    _, token = hook(secret="", expressions={"sha": f"{{{{ headers['{header.lower()}'] }}}}"})
    assert "unknown name" in post(token, b"{}", {header: "x"}).json()["reason"]


def test_content_is_never_an_expression(hook: Make) -> None:
    _, token = hook(secret="", expressions={"sha": "{{ body.sha }}"})
    evil = "{{ 7 * 7 }}{% for x in y %}⟦secret:token⟧"
    post(token, json.dumps({"sha": evil}).encode())
    assert WorkflowRun.objects.get().parameters == {"sha": evil}


def test_payload_that_does_not_fit_the_schema_leaves_the_reason(hook: Make) -> None:
    _, token = hook(secret="", expressions={"day": "{{ body.day }}"})
    answer = post(token, b'{"day": "yesterday"}')
    assert answer.status_code == 202
    assert answer.json()["reason"].startswith("parameters: day: ")
    assert Delivery.objects.get().outcome == "refused"
    assert not WorkflowRun.objects.exists()


def test_missing_name_leaves_the_reason(hook: Make) -> None:
    _, token = hook(secret="", expressions={"sha": "{{ body.after }}"})
    reason = post(token, b'{"before": 1}').json()["reason"]
    assert reason == "parameters: sha: '{{ body.after }}': unknown name 'after' (known: before)"


def test_template_without_steps_leaves_the_reason(hook: Make) -> None:
    webhook, token = hook(secret="")
    webhook.template.steps.all().delete()
    assert "has no steps" in post(token).json()["reason"]


def test_disabled_webhook_makes_no_run(hook: Make) -> None:
    webhook, token = hook(secret="")
    set_webhook_enabled(webhook.pk, False, by=NOBODY)
    answer = post(token)
    assert answer.json()["reason"] == "the webhook push is disabled"
    assert Delivery.objects.get().outcome == "disabled"


def test_repeated_delivery_has_the_first_run(hook: Make) -> None:
    _, token = hook(preset="github", expressions=PUSH)
    first = post(token, *as_github(GITHUB_PUSH)).json()
    second = post(token, *as_github({**GITHUB_PUSH, "after": "other"})).json()
    assert second["run_id"] == first["run_id"] == WorkflowRun.objects.get().pk
    assert second["delivery_id"] == first["delivery_id"]
    assert second["reason"].startswith(f"repeated: delivery {first['delivery_id']} was this one")


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({}, "X-Delivery-Id"),
        ({}, "Idempotency-Key"),
        ({"delivery_header": "X-Build"}, "X-Build"),
        ({"preset": "gitlab", "secret": ""}, "X-Gitlab-Event-UUID"),
    ],
)
def test_each_kind_has_its_header(hook: Make, settings: dict[str, str], header: str) -> None:
    _, token = hook(**{"secret": "", **settings})
    for number in ("1", "1", "2", "n" * 5_000, "n" * 5_000, "n" * 5_001, "ä", "ä"):
        assert post(token, headers={header: number}).status_code == 202
    assert WorkflowRun.objects.count() == 5


def test_deliveries_without_a_number_are_all_different(hook: Make) -> None:
    _, token = hook(secret="")
    assert {post(token).status_code for _ in range(3)} == {202}
    assert WorkflowRun.objects.count() == 3


def test_secret_stays_secret(hook: Make) -> None:
    _, token = hook(secret="", expressions={"token": "{{ body.password }}"})
    post(token, b'{"password": "hunter2-t0ken"}')
    assert WorkflowRun.objects.get().parameters == {"token": "********"}
    assert places_of() == []
    reason = post(token, b'{"other": "hunter2-t0ken"}').json()["reason"]
    assert reason.startswith("parameters: token: the expression of a secret")


def test_fixed_secret_is_given_to_each_run(hook: Make) -> None:
    webhook, token = hook(parameters={"token": "hunter2-t0ken", "day": "2026-01-01"})
    assert webhook.parameters == {"token": "********", "day": "2026-01-01"}
    body = b"{}"
    post(token, body, {"X-Hub-Signature-256": signature(body, SECRET)})
    assert WorkflowRun.objects.get().secret_names == ["token"]
    assert places_of() == []


def test_no_login_and_no_form_token_is_needed(hook: Make) -> None:
    _, token = hook(secret="")
    client = Client(enforce_csrf_checks=True)
    answer: Any = client.post(f"/hooks/{token}", "{}", content_type="application/json")
    assert answer.status_code == 202


def test_run_leaves_the_events_of_any_run(hook: Make) -> None:
    _, token = hook(secret="")
    post(token)
    event = Event.objects.get(event_type="workflow_run.created")
    assert (event.actor, event.actor_user, event.actor_via) == ("webhook push", "7", "webhook")
