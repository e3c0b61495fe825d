"""Lists: pagination and filters; wrong parameters are refused, never ignored."""

from itertools import chain

import pytest
from rest_framework.test import APIClient

from tests.api.conftest import ids
from tests.factories import RunnerFactory, TaskFactory
from tests.support.drawing import DrawRun
from workflows.db import counting

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


def followed(api: APIClient, url: str, link: str) -> list[list[int]]:
    """Return the ids of each page that a client gets who goes where a link leads to."""
    pages = []
    while url:
        answer = api.get(url).json()
        pages.append([row["id"] for row in answer["results"]])
        url = answer[link]
    return pages


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("/tasks?limit=3", []),
        ("/tasks?limit=3&status=pending&status=failed", []),
        ("/tasks?limit=3&run_id={run}", []),
        ("/tasks?limit=3&offset=2", [0, 1]),
        ("/events?limit=3", []),
        ("/events?limit=3&run_id={run}", []),
        ("/events?limit=3&event_type=task.created&event_type=task.dispatched", []),
        ("/events?limit=3&created_at_after=2020-01-01T00:00:00Z", []),
        ("/workflow-runs?limit=3", []),
        ("/workflow-runs?limit=3&created_at_before=2100-01-01T00:00:00Z&status=created", []),
        ("/workflow-templates?limit=3", []),
        ("/runners?limit=3", []),
        ("/approvals?limit=3&created_at_after=2020-01-01T00:00:00Z", []),
    ],
)
def test_following_the_links_gives_every_row_once(
    api: APIClient, runs: DrawRun, query: str, first: list[int]
) -> None:
    made = [runs("a > b", name="same", requires_approval=True) for _ in range(5)]
    RunnerFactory.create_batch(5)
    url = query.format(run=made[0].pk)
    every = ids(api.get(url.replace("limit=3", "limit=1000").replace("&offset=2", "")))

    forwards = followed(api, url, "next")

    assert [*every[: len(first)], *chain(*forwards)] == every
    last = api.get(url)
    while last.json()["next"]:
        last = api.get(last.json()["next"])
    backwards = followed(api, last.wsgi_request.get_full_path(), "previous")
    assert [*chain(*reversed(backwards))] == every


def test_rows_that_come_and_go_meanwhile_make_no_other_row_come_twice(api: APIClient) -> None:
    rows = TaskFactory.create_batch(6)
    first = api.get("/tasks?limit=3").json()

    rows[0].delete()
    rows[2].delete()
    late = TaskFactory.create()

    assert [*chain(*followed(api, first["next"], "next"))] == [*(t.pk for t in rows[3:]), late.pk]


@pytest.mark.parametrize(
    ("path", "ways"),
    [
        ("/events", ", or narrow the list by after or before or created_at_after or created_at_b"),
        ("/tasks", ", or narrow the list by after or before."),
        ("/runners", "follow `next`."),
    ],
)
def test_far_offset_is_refused_with_the_ways_that_lead_there(
    api: APIClient, path: str, ways: str
) -> None:
    [text] = api.get(f"{path}?offset=1000000").json()["offset"]

    assert text.startswith("At most 10,000 rows can be skipped: follow `next`")
    assert ways in text


def test_count_beyond_the_bound_is_an_estimate(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    TaskFactory.create_batch(5)
    exact = api.get("/tasks").json()
    monkeypatch.setattr(counting, "MOST_COUNTED", 4)

    beyond = api.get("/tasks").json()

    assert (exact["count"], exact["count_is_estimate"]) == (5, False)
    assert (beyond["count"] >= 4, beyond["count_is_estimate"]) == (True, True)


def test_cursor_of_another_list_is_refused(api: APIClient) -> None:
    TaskFactory.create_batch(2)
    cursor = api.get("/tasks?limit=1").json()["next"].split("cursor=")[1]

    answer = api.get(f"/events?cursor={cursor}")

    assert (answer.status_code, list(answer.json())) == (400, ["cursor"])


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
        ("offset=10001", "offset"),
        ("offset=1&cursor=x", "offset"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
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
    text = "Unknown filter; did you mean run_id? Known are: run_id, status, step_id, "
    text += "after, before, limit, offset, cursor."

    assert api.get("/tasks?run=1").json() == {"run": [text]}
