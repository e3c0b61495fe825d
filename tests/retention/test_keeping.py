"""Whoever may operate runs may keep one from being removed, and let it go; the trail says why."""

import pytest
from rest_framework.test import APIClient

from tests.factories import UserFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from workflows import operations
from workflows.audit.verify import verify_run
from workflows.errors import Conflict, Invalid
from workflows.models import Event, EventType


@pytest.fixture
def client() -> APIClient:
    """Return the client of a superuser called ada."""
    client = APIClient()
    client.force_authenticate(UserFactory.create(username="ada", is_superuser=True))
    return client


def test_a_run_is_kept_with_a_reason_and_let_go(runs: DrawRun, client: APIClient) -> None:
    run = runs("a")
    url = f"/workflow-runs/{run.pk}"
    kept = client.post(f"{url}/keep", {"reason": "the audit"}, format="json").json()
    assert (kept["kept_by"], kept["kept_reason"]) == ("ada", "the audit")
    assert kept["kept_at"]
    again = client.post(f"{url}/keep", {"reason": "me, too"}, format="json")
    assert (again.status_code, again.json()["detail"]) == (
        409,
        f"workflow run {run.pk} is kept by ada",
    )
    assert verify_run(run.pk) == []
    free = client.post(f"{url}/let-go", {}, format="json").json()
    assert (free["kept_at"], free["kept_by"], free["kept_reason"]) == (None, "", "")
    assert client.post(f"{url}/let-go", {}, format="json").status_code == 409
    types = Event.objects.filter(run=run).order_by("id").values_list("event_type", flat=True)
    assert [*types][-2:] == [EventType.RUN_KEPT, EventType.RUN_NOT_KEPT]
    assert verify_run(run.pk) == []


def test_nobody_keeps_a_run_without_a_reason(runs: DrawRun, client: APIClient) -> None:
    run = runs("a")
    assert client.post(f"/workflow-runs/{run.pk}/keep", {}, format="json").status_code == 400
    with pytest.raises(Invalid, match="Say why it is kept"):
        operations.keep(run.pk, by=who("ada"), reason=" ")
    with pytest.raises(Conflict, match="nobody keeps"):
        operations.let_go(run.pk, by=who("ada"))


def test_only_operators_may(runs: DrawRun) -> None:
    run, client = runs("a"), APIClient()
    client.force_authenticate(UserFactory.create())
    answer = client.post(f"/workflow-runs/{run.pk}/keep", {"reason": "mine"}, format="json")
    assert answer.status_code == 403
