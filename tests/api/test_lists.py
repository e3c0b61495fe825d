"""Lists: pagination and filters; wrong parameters are refused, never ignored."""

import pytest
from rest_framework.test import APIClient

from tests.api.conftest import ids
from tests.factories import TaskFactory

LISTS = ["/workflow-templates", "/workflow-runs", "/tasks", "/events", "/runners"]


def test_pages_follow_one_another(api: APIClient) -> None:
    rows = [task.pk for task in TaskFactory.create_batch(5)]

    first = api.get("/tasks?limit=2")
    second = api.get(first.json()["next"])
    third = api.get(second.json()["next"])

    assert [ids(page) for page in (first, second, third)] == [rows[:2], rows[2:4], rows[4:]]
    assert {page.json()["count"] for page in (first, second, third)} == {5}
    assert (first.json()["previous"], third.json()["next"]) == (None, None)
    assert ids(api.get(third.json()["previous"])) == rows[2:4]
    assert ids(api.get(f"/tasks?offset={2**63 - 1}")) == []


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.0", "limit"),
        ("limit=٣", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("offset=-1", "offset"),
        ("offset=x", "offset"),
        ("offset=" + "9" * 30, "offset"),
        ("colour=red", "colour"),
        ("format=json", "format"),
        ("%00=1", "\0"),
    ],
)
def test_wrong_query_parameter_is_refused_by_name(
    api: APIClient, path: str, query: str, name: str
) -> None:
    answer = api.get(f"{path}?{query}")

    assert (answer.status_code, list(answer.json())) == (400, [name])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/workflow-runs?status=broken", "status"),
        ("/workflow-runs?workflow_template_id=x", "workflow_template_id"),
        ("/workflow-runs?workflow_template_id=1.5", "workflow_template_id"),
        ("/workflow-runs?initiated_by=%00", "initiated_by"),
        ("/workflow-runs?created_at_after=yesterday", "created_at_after"),
        ("/workflow-runs?created_at_before=2020-13-01T00:00:00Z", "created_at_before"),
        ("/tasks?run_id=x", "run_id"),
        ("/tasks?run_id=-1", "run_id"),
        ("/tasks?run_id=9223372036854775808", "run_id"),
        ("/tasks?run_id=" + "9" * 5000, "run_id"),
        ("/tasks?status=created", "status"),
        ("/tasks?step_id=%00", "step_id"),
        ("/events?run_id=x", "run_id"),
        ("/events?task_id=x", "task_id"),
        ("/events?event_type=task.exploded", "event_type"),
        ("/events?after=x", "after"),
    ],
)
def test_a_wrong_filter_value_is_refused_by_name(api: APIClient, path: str, name: str) -> None:
    answer = api.get(path)

    assert (answer.status_code, list(answer.json())) == (400, [name])


def test_an_empty_filter_is_refused_instead_of_ignored(api: APIClient) -> None:
    answer = api.get("/events?run_id=&event_type=&limit=")

    text = "Give a value, or leave the filter out."
    assert answer.status_code == 400
    assert answer.json() == {name: [text] for name in ("run_id", "event_type", "limit")}


def test_unknown_filter_is_refused_with_the_known_ones(api: APIClient) -> None:
    text = "Unknown filter; did you mean run_id? Known are: run_id, status, step_id, limit, offset."

    assert api.get("/tasks?run=1").json() == {"run": [text]}
