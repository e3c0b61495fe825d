"""Requests that the OpenAPI document allows or forbids get a response that it describes."""

from typing import Any

import pytest
import schemathesis
from django.db import connection, models
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from orchestrator.wsgi import application
from runners.models import Runner
from workflows.api.generator import document
from workflows.models import Approval, Task, WorkflowRun, WorkflowTemplate

DOCUMENT = document(None)
MODELS: dict[str, type[models.Model]] = {
    "workflow-templates": WorkflowTemplate,
    "workflow-runs": WorkflowRun,
    "tasks": Task,
    "approvals": Approval,
    "runners": Runner,
    "runner": Task,
}
described = schemathesis.openapi.from_dict(DOCUMENT)
described.app = application
described.config.phases.coverage.unexpected_methods = {"DELETE", "TRACE"}  # two of many, for speed


def aim(case: schemathesis.Case[Any]) -> None:
    """Replace ids in the path by existing ones."""
    model = MODELS.get(case.path.split("/")[1])
    wanted: Any = case.path_parameters.get("id")
    if model and isinstance(wanted, int) and wanted > 0:
        known = list(model._default_manager.values_list("pk", flat=True))
        case.path_parameters["id"] = known[wanted % len(known)] if known else wanted


@pytest.mark.usefixtures("_one_connection", "_any_number_of_failed_logins")
@pytest.mark.skipif(connection.vendor != "sqlite", reason="once is enough")
@described.parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_response_matches_the_document(
    case: schemathesis.Case[Any], headers: dict[str, str]
) -> None:
    aim(case)
    case.call_and_validate(
        headers={**headers, "Accept-Encoding": "identity"},  # it cannot read compressed answers
        # No JSON Schema can say that steps form no cycle, or that a moment has not passed.
        excluded_checks=[positive_data_acceptance],
    )
