"""`/exports/events` and `/exports/runs`: pages of JSON lines."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.exports.exported import exported
from tests.exports.writers import writing
from tests.support.drawing import DrawRun
from tests.support.verbs import walk
from workflows.api.serializers.exports import EventLine, RunLine
from workflows.api.views import exports
from workflows.models import Event


def lines_of(answer: Any) -> list[dict[str, Any]]:
    """Return the lines of a page."""
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


@pytest.mark.parametrize("name", ["events", "runs"])
def test_pages_that_follow_the_cursor_are_the_whole(
    api: APIClient, runs: DrawRun, name: str
) -> None:
    for _ in range(3):
        walk(runs("a"), "a")
    cursor = "0"
    got: list[dict[str, Any]] = []
    while (answer := api.get(f"/exports/{name}?after={cursor}&limit=2"))["Export-Cursor"] != cursor:
        page = lines_of(answer)
        assert len(page) <= 2
        cursor, got = answer["Export-Cursor"], [*got, *page]
    assert lines_of(answer) == []
    assert got == exported(name)
    assert int(cursor) == Event.objects.latest("id").pk
    assert lines_of(api.get(f"/exports/{name}?after={got[0]['cursor']}")) == got[1:]


def test_every_line_is_as_the_document_says(api: APIClient, runs: DrawRun) -> None:
    walk(runs("a"), "a")
    for line_class, name in ((EventLine, "events"), (RunLine, "runs")):
        fields = line_class().fields
        for line in lines_of(api.get(f"/exports/{name}", HTTP_ACCEPT="application/x-ndjson")):
            assert sorted(line) == sorted(fields)
            assert all(fields[key].allow_null for key, value in line.items() if value is None)


@pytest.mark.parametrize(
    ("query", "field", "text"),
    [
        ("after=-1", "after", "Ensure this value is greater than or equal to 0."),
        ("after=x", "after", "A valid integer is required"),
        ("after=99999999", "after", "No event has this id yet, the latest is"),
        ("limit=10001", "limit", "Ensure this value is less than or equal to 10000."),
        ("limt=5", "limt", "Unknown field; did you mean limit?"),
    ],
)
def test_wrong_query_is_refused_by_name(api: APIClient, query: str, field: str, text: str) -> None:
    answer = api.get(f"/exports/events?{query}")
    assert answer.status_code == 400
    assert text in answer.json()[field][0]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_export_that_is_held_back_is_a_503(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "WAIT_S", 0.0)
    with writing():
        answer = api.get("/exports/runs")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert "another transaction that writes events has been open since" in answer.json()["detail"]
    assert answer["Retry-After"] == "1"
    assert api.get("/exports/runs").status_code == 200
