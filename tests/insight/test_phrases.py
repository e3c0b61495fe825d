"""How sentences say what happened to a task."""

import pytest

from workflows.insight.phrases import describe_cause
from workflows.runs.readiness import APPROVAL, Cause


@pytest.mark.parametrize(
    ("status", "reason", "text"),
    [
        ("failed", "exit code 2", "`load` failed (exit code 2)"),
        ("failed", "ValueError: no rows.", "`load` failed (ValueError: no rows)"),
        ("failed", "ValueError:\n\tno rows.\n", "`load` failed (ValueError: no rows)"),
        ("canceled", "canceled", "`load` was canceled"),
        ("canceled", "not needed", "`load` was canceled (not needed)"),
        (APPROVAL, "", "`load` waits for approval"),
    ],
)
def test_reason_is_said_once_and_without_a_full_stop(status: str, reason: str, text: str) -> None:
    assert describe_cause(Cause(1, "load", "Load", status, reason)) == text
