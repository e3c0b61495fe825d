"""An installation with one template, run and runner, and whether a mistake has changed anything."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model

from runners.models import Runner
from tests.factories import RunnerFactory, UserFactory
from tests.support.actors import who
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import (
    Approval,
    Event,
    Task,
    TaskAttempt,
    TemplateVersion,
    WorkflowRun,
    WorkflowTemplate,
)
from workflows.runs.creation import create_run

KEPT: list[type[Model]] = [
    *(WorkflowTemplate, TemplateVersion, WorkflowRun, Task, TaskAttempt, Approval, Event, Runner)
]
NIGHTLY = {
    "name": "nightly",
    "parameters_schema": {
        "properties": {
            "day": {"type": "string", "format": "date"},
            "token": {"type": "string", "writeOnly": True, "minLength": 4},
            "copies": {"type": "integer", "minimum": 1},
            "mode": {"enum": ["fast", "slow"]},
            "hosts": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        },
        "required": ["day", "token"],
        "additionalProperties": False,
    },
    "steps": [
        {"step_id": "dump", "title": "Dump", "payload": {"python": "noop"}},
        {"step_id": "ship", "title": "Ship", "payload": {"python": "noop"}, "depends_on": ["dump"]},
    ],
}


def _rows() -> list[Any]:
    return [sorted(model._default_manager.values_list(), key=str) for model in KEPT]


@pytest.fixture
def site(db: None) -> dict[str, Any]:
    """Return the ids that the mistakes are about; `alice` may do everything."""
    alice = UserFactory.create(username="alice", is_superuser=True, is_staff=True)
    RunnerFactory.create(name="gpu", kind="http", url="http://gpu-1:9000")
    template = create_template(parse_template(NIGHTLY))
    given = {"day": "2026-01-31", "token": "swordfish"}
    run = create_run(template_id=template.pk, parameters=given, by=who("alice"))
    first, second = run.tasks.order_by("position")
    return {
        "alice": alice,
        "template": template.pk,
        "run": run.pk,
        "task": first.pk,
        "second": second.pk,
        "gpu": Runner.objects.get(name="gpu").pk,
    }


@pytest.fixture
def unchanged(site: dict[str, Any]) -> Callable[[], bool]:
    """Return a function that returns True if no row was added, changed or removed since."""
    before = _rows()
    return lambda: _rows() == before
