"""Fixtures of the tests that speak HTTP with a real server."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from runners.models import Runner
from tests.support.host_runner import HostRunner, serving
from tests.support.verbs import attempt
from workflows.dispatch.tokens import token_of
from workflows.models import WorkflowRun


@pytest.fixture
def host(db: None) -> Iterator[HostRunner]:
    """Serve a host-runner, and make it the default runner `gpu-1`."""
    with serving(HostRunner()) as host:
        Runner.objects.create(name="gpu-1", kind="http", url=host.url, is_default=True)
        yield host


Callback = Callable[..., Any]


@pytest.fixture
def callback(client: Client) -> Callback:
    """Report as a runner does: about the latest attempt of a step, with its token."""

    def report(run: WorkflowRun, step_id: str, status: str, **body: Any) -> Any:
        latest = attempt(run, step_id)
        token = body.pop("token", token_of(latest.pk))
        return client.post(
            f"/runner/tasks/{latest.task_id}/status",
            {"status": status, **body},
            content_type="application/json",
            headers={"X-Runner-Token": token},
        )

    return report
