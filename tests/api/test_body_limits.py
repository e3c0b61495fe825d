"""No path reads more of a stranger's body than its limit; the table covers the whole site."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from workflows.limits import LIMITS, MB, MOST_ITEMS, PAGES, limit_of

FILLED = {"<int:": "1", "<path:": "1", "<slug:": "x", "<str:": "x", "<uuid:": "x", "<": "x"}
LARGE = 15 * MB
SMALL = 64 * 1024
MULTIPART = "multipart/form-data; boundary=x"
FORM = "application/x-www-form-urlencoded"


def paths(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    """Yield a path for each pattern of the URLconf."""
    for pattern in patterns:
        path = prefix + filled(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from paths(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


def filled(pattern: str) -> str:
    """Return what a pattern matches, as far as this site has such patterns."""
    pattern = pattern.removeprefix("^").removesuffix("$").removesuffix("\\Z")
    while "<" in pattern:
        start, end = pattern.index("<"), pattern.index(">")
        kind = next(kind for kind in FILLED if pattern[start:].startswith(kind))
        pattern = pattern[:start] + FILLED[kind] + pattern[end + 1 :]
    return pattern


ALL = sorted({*paths(get_resolver().url_patterns)})


class Counted(io.RawIOBase):
    """An endless body that counts how much of it is read."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.taken = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return what was asked for; all of it is not there to be had."""
        assert size >= 0, "the whole body was asked for"
        self.taken += size
        return b"a=1&" * (size // 4) + b"x" * (size % 4)

    def readline(self, size: int | None = -1) -> bytes:
        """Return a line as long as is asked for."""
        return self.read(SMALL if size is None else size)


def taken(client: Client, path: str, length: int, content_type: str) -> tuple[int, int]:
    """Send a body; return the status of the answer, and how much of the body was read."""
    body = Counted()
    client.cookies["csrftoken"] = "x" * 32  # so that Django looks for the other one in the body
    answer = client.generic(
        "POST",
        path,
        **{"wsgi.input": body, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": content_type},  # type: ignore[arg-type]
    )
    return answer.status_code, body.taken


def test_every_kind_of_path_is_tried() -> None:
    assert {"/", "/docs", "/healthz", "/tasks", "/admin/login/", "/runner/tasks/1/status"} <= {*ALL}
    assert len(ALL) > 100


@pytest.mark.django_db
@pytest.mark.parametrize("content_type", [FORM, MULTIPART, "application/json"])
def test_large_body_of_a_stranger_is_not_read_anywhere(content_type: str) -> None:
    for path in ALL:
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        status, read = taken(client, path, LARGE, content_type)
        assert (path, read) == (path, 0)
        assert (path, status in {401, 404, 405, 413, 415}) == (path, True)


@pytest.mark.django_db
def test_small_body_of_a_stranger_is_read_up_to_its_end(client: Client) -> None:
    for path in ALL[::8]:
        _, read = taken(Client(enforce_csrf_checks=True), path, SMALL, FORM)
        assert read <= SMALL + 8, path


@pytest.mark.django_db
def test_refusal_names_the_limit(client: Client) -> None:
    answer = client.generic("POST", "/admin/login/", CONTENT_LENGTH=str(SMALL + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "at most 65,536 bytes before you have logged in" in answer.json()["detail"]


def test_who_has_logged_in_may_send_what_the_path_takes(admin_client: Client) -> None:
    most = PAGES.logged_in
    assert taken(admin_client, "/admin/auth/user/add/", most + 1, FORM) == (413, 0)
    status, read = taken(admin_client, "/admin/auth/user/add/", most, FORM)
    assert (status, read > SMALL) == (400, True)  # too many fields


@pytest.mark.django_db
def test_sessions_that_are_none_count_as_strangers(client: Client, django_user_model: Any) -> None:
    client.cookies["sessionid"] = "x" * 32
    assert taken(client, "/admin/", LARGE, FORM) == (413, 0)


@pytest.mark.parametrize("limit", LIMITS)
def test_every_limit_applies_to_some_path(limit: Any) -> None:
    assert [path for path in ALL if limit_of(path) == limit]


@pytest.mark.django_db
def test_api_refuses_more_values_than_a_body_may_have(client: Client) -> None:
    user = User.objects.create_superuser("alice")
    client.force_login(user)
    body = b'{"name": "x", "steps": [' + b"[]," * MOST_ITEMS + b"1]}"

    answer = client.post("/workflow-templates", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert "more than 200,000 values" in answer.json()["detail"]


@pytest.mark.django_db
def test_signs_in_texts_are_no_values(client: Client) -> None:
    user = User.objects.create_superuser("alice")
    client.force_login(user)
    body = b'{"title": "' + b'[{,\\"' * MOST_ITEMS + b'"}'

    answer = client.post("/tasks", body, content_type="application/json")

    assert (answer.status_code, [*answer.json()]) == (400, ["title"])  # it is too long
