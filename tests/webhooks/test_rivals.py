"""Two processes take the same delivery at once."""

from functools import partial
from typing import Any

import pytest

from tests.support.threads import at_once
from tests.webhooks.bodies import GITHUB_PUSH, as_github
from tests.webhooks.conftest import Make, post
from workflow_triggers.models import Delivery
from workflow_triggers.operations.webhooks import delete_webhook
from workflows.models import WorkflowRun
from workflows.models.actor import NOBODY


@pytest.mark.django_db(transaction=True)
def test_same_delivery_eight_times_at_once_makes_one_run(hook: Make) -> None:
    _, token = hook(preset="github")
    call = partial(post, token, *as_github(GITHUB_PUSH))
    answers: list[Any] = at_once([call] * 8)
    run = WorkflowRun.objects.get()
    assert [answer.status_code for answer in answers] == [202] * 8
    assert {answer.json()["run_id"] for answer in answers} == {run.pk}
    assert sum(answer.json()["reason"] is None for answer in answers) == 1
    assert Delivery.objects.get().run_id == run.pk


@pytest.mark.django_db(transaction=True)
def test_different_deliveries_at_once_make_a_run_each(hook: Make) -> None:
    _, token = hook(preset="github")
    calls = [partial(post, token, *as_github(GITHUB_PUSH, number=str(n))) for n in range(6)]
    answers: list[Any] = at_once(calls)
    assert {answer.status_code for answer in answers} == {202}
    assert WorkflowRun.objects.count() == Delivery.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_delivery_while_the_webhook_is_deleted_is_taken_or_unknown(hook: Make) -> None:
    webhook, token = hook(secret="")
    deliver: Any = partial(post, token)
    remove: Any = partial(delete_webhook, webhook.pk, by=NOBODY)
    came: list[Any] = at_once([deliver, remove])
    answer, removed = came
    assert removed is None
    assert answer.status_code in {202, 404}
    assert WorkflowRun.objects.count() == (answer.status_code == 202)
    assert not Delivery.objects.exists()
