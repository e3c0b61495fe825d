"""`/runners`."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from runners.models import Runner
from tests.factories import RunnerFactory, TaskFactory, TemplateFactory


def test_a_new_default_takes_over_from_the_old_one(api: APIClient, local: Runner) -> None:
    answer = api.post("/runners", {"name": "big", "capacity": 2, "is_default": True})

    assert answer.status_code == 201
    made = answer.json()
    assert made == api.get(f"/runners/{made['id']}").json()
    assert {name: made[name] for name in ("name", "kind", "capacity", "is_enabled")} == {
        "name": "big",
        "kind": "local",
        "capacity": 2,
        "is_enabled": True,
    }
    defaults = {row["name"]: row["is_default"] for row in api.get("/runners").json()["results"]}
    assert defaults == {"big": True, "local": False}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["name"]),
        ({"name": "local"}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": "x", "kind": "http"}, ["kind"]),
        ({"name": "x", "kind": "http", "url": "http://127.0.0.1:1"}, ["kind", "url"]),
        ({"name": "x", "kind": "celery", "queue": "q"}, ["kind", "queue"]),
        ({"name": "x", "kind": "nonsense"}, ["kind"]),
        ({"name": "x", "capacity": 0}, ["capacity"]),
        ({"name": "x", "capacity": 10**30}, ["capacity"]),
        ({"name": "x", "capacity": 1.5}, ["capacity"]),
        ({"name": "x", "is_enabled": "yes"}, ["is_enabled"]),
        ({"name": "x", "is_default": 1}, ["is_default"]),
        ({"name": "x", "id": 7}, ["id"]),
    ],
)
def test_a_wrong_runner_is_refused_by_field(
    api: APIClient, local: Runner, body: dict[str, Any], fields: list[str]
) -> None:
    answer = api.post("/runners", body)

    assert (answer.status_code, sorted(answer.json())) == (400, fields)
    assert Runner.objects.get() == local


def test_a_kind_that_is_not_available_says_which_are(api: APIClient, local: Runner) -> None:
    answer = api.post("/runners", {"name": "far", "kind": "http", "url": "http://127.0.0.1:1"})

    known = "name, kind, capacity, is_enabled, is_default"
    assert answer.json() == {
        "kind": ["runners of kind 'http' are not available here; use: local"],
        "url": [f"Unknown field; known are: {known}."],
    }


def test_single_fields_of_a_runner_are_changed(api: APIClient, local: Runner) -> None:
    answer = api.patch(f"/runners/{local.pk}", {"is_enabled": False, "capacity": 3})

    assert (answer.status_code, answer.json()["name"]) == (200, "local")
    local.refresh_from_db()
    assert (local.is_enabled, local.capacity, local.is_default) == (False, 3, True)
    assert api.patch(f"/runners/{local.pk}", {"name": "local"}).status_code == 200
    assert api.patch(f"/runners/{local.pk}", {"kind": "http"}).status_code == 400


def test_a_runner_that_is_used_cannot_be_deleted(api: APIClient, local: Runner) -> None:
    unused = RunnerFactory.create()
    TemplateFactory.create(drawing="a", runner="local")
    TaskFactory.create(runner=local)

    answer = api.delete(f"/runners/{local.pk}")

    detail = "This is still used by tasks, template steps; it cannot be deleted."
    assert (answer.status_code, answer.json()) == (409, {"detail": detail, "code": "in_use"})
    assert api.delete(f"/runners/{unused.pk}").status_code == 204
    assert list(Runner.objects.all()) == [local]


def test_runners_are_found_by_name_and_kind(api: APIClient, local: Runner) -> None:
    RunnerFactory.create(name="big")

    for query, found in (("", 2), ("?name=big", 1), ("?kind=local", 2), ("?kind=http", 0)):
        assert api.get(f"/runners{query}").json()["count"] == found


def test_an_unknown_runner_is_a_404(api: APIClient, local: Runner) -> None:
    for call in (api.get, api.patch, api.delete):
        assert call("/runners/999").status_code == 404
