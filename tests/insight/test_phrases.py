"""How sentences say what happened to a task, and how long something took."""

import pytest

from workflows.insight.phrases import describe_cause, duration_text, short_duration
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


@pytest.mark.parametrize(
    ("seconds", "text", "short"),
    [
        (0.08, "80 ms", "80 ms"),
        (0.95, "0.9 s", "0.9 s"),
        (9.94, "9.9 s", "9.9 s"),
        (9.95, "10 s", "0:10"),
        (60, "1 min", "1:00"),
        (252, "4 min 12 s", "4:12"),
        (600, "10 min", "10:00"),
        (3600, "1 h", "1:00 h"),
        (7500, "2 h 5 min", "2:05 h"),
    ],
)
def test_durations_use_units_that_people_read(seconds: float, text: str, short: str) -> None:
    assert (duration_text(seconds), short_duration(seconds)) == (text, short)
