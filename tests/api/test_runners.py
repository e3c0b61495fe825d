"""`/runners`."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from runners.models import Runner
from tests.factories import RunnerFactory, TaskFactory


def test_new_default_replaces_old_one(api: APIClient, local: Runner) -> None:
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
        ({"name": "x", "kind": "http"}, ["url"]),
        ({"name": "x", "kind": "pigeon", "loft": "q"}, ["kind", "loft"]),
        ({"name": "x", "kind": "nonsense"}, ["kind"]),
        ({"name": "x", "kind": "local", "queue": "gpu"}, ["queue"]),
        ({"name": "x", "kind": "celery", "queue": "gpu,cpu"}, ["queue"]),
        ({"name": "x", "kind": "celery", "url": "http://gpu-1"}, ["url"]),
        ({"name": "x", "capacity": 0}, ["capacity"]),
        ({"name": "x", "capacity": 10**30}, ["capacity"]),
        ({"name": "x", "capacity": 1.5}, ["capacity"]),
        ({"name": "x", "is_enabled": "yes"}, ["is_enabled"]),
        ({"name": "x", "is_default": 1}, ["is_default"]),
        ({"name": "x", "secret_names": "TOKEN"}, ["secret_names"]),
        ({"name": "x", "secret_names": ["A B"]}, ["secret_names"]),
        ({"name": "x", "secret_names": ["SECRET_KEY"]}, ["secret_names"]),
        ({"name": "x", "secret_names": ["DATABASE_URL"]}, ["secret_names"]),
        ({"name": "x", "id": 7}, ["id"]),
    ],
)
def test_invalid_runner_is_refused_by_field(
    api: APIClient, local: Runner, body: dict[str, Any], fields: list[str]
) -> None:
    answer = api.post("/runners", body)

    assert (answer.status_code, sorted(answer.json())) == (400, fields)
    assert Runner.objects.get() == local


def test_unknown_kind_is_refused_naming_known_kinds(api: APIClient, local: Runner) -> None:
    answer = api.post("/runners", {"name": "far", "kind": "pigeon", "loft": "east"})

    known = (
        "name, kind, url, queue, capacity, secret_names, options, token, credentials, "
        "is_enabled, is_default"
    )
    assert answer.json() == {
        "kind": ["runners of kind 'pigeon' are not available here; use: celery, http, local"],
        "loft": [f"Unknown field; known are: {known}."],
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000",
        "https://gpu-1.example.org/runner",
        "http://gpu_1:9000/",
        "http://[::1]:9000",
    ],
)
def test_http_runner_keeps_its_url(api: APIClient, local: Runner, url: str) -> None:
    answer = api.post("/runners", {"name": "far", "kind": "http", "url": url})

    assert (answer.status_code, answer.json()["url"]) == (201, url)
    made = api.get(f"/runners/{answer.json()['id']}").json()
    assert (made["kind"], made["url"]) == ("http", url)


URL_WANTED = "Give a url with scheme and host, such as http://gpu-1:9000"
HTTP_WANTED = "Give an http or https url, such as http://gpu-1:9000"
URL_NEEDED = "A runner of kind http needs a url: where it listens, such as http://gpu-1:9000."
NO_EXTRAS = "Give the url without a password, a ? and a #."


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("javascript:alert(1)", URL_WANTED),
        ("file:///etc/passwd", URL_WANTED),
        ("ftp://gpu-1/", HTTP_WANTED),
        ("gpu-1:9000", URL_WANTED),
        ("http://", URL_WANTED),
        ("http://gpu-1:99999", URL_WANTED),
        ("http://gpu-1:nine", URL_WANTED),
        ("http://[::1", URL_WANTED),
        ("http://gpu 1", URL_WANTED),
        ("http://gpu-1\r\nHost: x", URL_WANTED),
        ("http://gpü", URL_WANTED),
        ("http://ada:secret@gpu-1", NO_EXTRAS),
        ("http://gpu-1/?to=http://x", NO_EXTRAS),
        ("http://gpu-1/#x", NO_EXTRAS),
        (9000, "Not a valid string: write a text in quotes."),
        ("", URL_NEEDED),
    ],
)
def test_invalid_url_is_refused(api: APIClient, local: Runner, url: object, why: str) -> None:
    answer = api.post("/runners", {"name": "far", "kind": "http", "url": url})

    assert (answer.status_code, answer.json()) == (400, {"url": [why]})
    assert Runner.objects.get() == local


def test_url_of_local_runner_is_refused(api: APIClient, local: Runner) -> None:
    url = "http://gpu-1:9000"
    refusal = {"url": ["Leave this empty: runners of kind local have no url."]}

    answers = [
        api.post("/runners", {"name": "near", "url": url}),
        api.patch(f"/runners/{local.pk}", {"url": url}),
    ]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(400, refusal)] * 2
    assert api.patch(f"/runners/{local.pk}", {"kind": "http", "url": url}).status_code == 200
    assert api.patch(f"/runners/{local.pk}", {"kind": "local"}).json() == refusal


def test_patch_changes_only_given_fields(api: APIClient, local: Runner) -> None:
    answer = api.patch(f"/runners/{local.pk}", {"is_enabled": False, "capacity": 3})

    assert (answer.status_code, answer.json()["name"]) == (200, "local")
    local.refresh_from_db()
    assert (local.is_enabled, local.capacity, local.is_default) == (False, 3, True)
    assert api.patch(f"/runners/{local.pk}", {"name": "local"}).status_code == 200
    assert api.patch(f"/runners/{local.pk}", {"kind": "http"}).status_code == 400


def test_deleting_used_runner_is_refused(api: APIClient, local: Runner) -> None:
    used, unused = RunnerFactory.create(name="gpu"), RunnerFactory.create()
    TaskFactory.create(runner=used)

    answer = api.delete(f"/runners/{used.pk}")

    detail = "tasks have used runner 'gpu', and their history names it: disable it instead"
    assert (answer.status_code, answer.json()) == (409, {"detail": detail, "code": "in_use"})
    assert api.delete(f"/runners/{unused.pk}").status_code == 204
    assert set(Runner.objects.all()) == {local, used}


def test_runners_are_filtered_by_name_and_kind(api: APIClient, local: Runner) -> None:
    RunnerFactory.create(name="big")

    for query, found in (("", 2), ("?name=big", 1), ("?kind=local", 2), ("?kind=http", 0)):
        assert api.get(f"/runners{query}").json()["count"] == found


def test_unknown_runner_is_404(api: APIClient, local: Runner) -> None:
    for call in (api.get, api.patch, api.delete):
        assert call("/runners/999").status_code == 404
