"""Authentication: tokens, sessions, and passwords with a limit on failures."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from pytest_django import Settings
from rest_framework.test import APIClient

from tests.factories import UserFactory


def ask(header: str | bytes, **meta: Any) -> Any:
    return APIClient().get("/tasks", HTTP_AUTHORIZATION=header, **meta)


def basic(name: str, password: str, **meta: Any) -> int:
    encoded = b64encode(f"{name}:{password}".encode()).decode()
    return int(ask(f"Basic {encoded}", **meta).status_code)


def test_a_token_lets_its_user_in_until_it_expires(alice: User) -> None:
    stored, token = AuthToken.objects.create(alice)
    assert ask(f"Token {token}").status_code == 200
    assert token not in (stored.digest, stored.token_key)

    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert ask(f"Token {token}").status_code == 401


def test_token_of_an_inactive_user_is_refused(alice: User) -> None:
    _, token = AuthToken.objects.create(alice)
    User.objects.update(is_active=False)

    assert ask(f"Token {token}").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Token",
        "Token x y",
        "Token zzzz",
        "Token {key}zz",
        "Token {key}\x00",
        "Token {key}é",
        b"Token \xff\xfe",
        "Token " + "9" * 10_000,
        "Basic",
        "Basic x y",
        "Basic !",
        "Basic eA==",
        b"Basic \xff\xfe",
        "Basic " + b64encode(b"\xff:\xff").decode(),
        "Basic " + b64encode(b"alice\x00:x").decode(),
        "Basic " + b64encode(b"alice:").decode(),
        "Basic " + b64encode(b"x" * 100_000 + b":x").decode(),
    ],
)
def test_malformed_credentials_are_a_401(alice: User, header: str | bytes) -> None:
    stored, _ = AuthToken.objects.create(alice)
    if isinstance(header, str):
        header = header.replace("{key}", stored.token_key)

    answer = ask(header)

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")


def test_session_needs_a_csrf_token_to_write(alice: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.get("/tasks").status_code == 200
    refused = client.post("/tasks", {"title": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    client.get("/docs")  # the browsable page takes its token from here
    token = client.cookies["csrftoken"].value
    assert client.post("/tasks", {"title": "x"}, HTTP_X_CSRFTOKEN=token).status_code == 201


def test_a_password_lets_its_user_in(alice: User) -> None:
    assert basic("alice", "swordfish") == 200
    assert basic("alice", "wrong") == 401
    assert basic("nobody", "swordfish") == 401


def test_successful_logins_are_not_counted_as_failures(alice: User, settings: Settings) -> None:
    settings.FAILED_LOGINS = {"per_address": 2, "per_user": 2, "seconds": 60}

    assert [basic("alice", "swordfish") for _ in range(5)] == [200] * 5


def test_too_many_failures_block_a_user_name_from_every_address(
    alice: User, settings: Settings
) -> None:
    settings.FAILED_LOGINS = {"per_address": 50, "per_user": 2, "seconds": 60}
    UserFactory.create(username="carol", is_superuser=True)

    guesses = [basic("alice", "guess", REMOTE_ADDR=f"10.0.0.{n}") for n in range(4)]

    assert guesses == [401, 401, 429, 429]
    assert basic("alice", "swordfish") == 429
    assert basic("carol", "swordfish") == 200
    _, token = AuthToken.objects.create(alice)
    assert ask(f"Token {token}").status_code == 200


def test_too_many_failures_block_an_address_for_every_user_name(
    alice: User, settings: Settings
) -> None:
    settings.FAILED_LOGINS = {"per_address": 2, "per_user": 50, "seconds": 60}

    guesses = [
        basic(f"guess{n}", "x", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=f"10.9.9.{n}")
        for n in range(3)
    ]

    assert guesses == [401, 401, 429]
    assert basic("alice", "swordfish", REMOTE_ADDR="10.0.0.1") == 429
    assert basic("alice", "swordfish", REMOTE_ADDR="10.0.0.2") == 200


def test_blocked_login_returns_retry_after(alice: User, settings: Settings) -> None:
    settings.FAILED_LOGINS = {"per_address": 1, "per_user": 1, "seconds": 60}
    basic("alice", "guess")

    answer = ask("Basic " + b64encode(b"alice:swordfish").decode())

    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer.json()["detail"].startswith("Too many failed logins.")
    assert answer.json()["code"] == "throttled"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/workflow-runs", "/schema", "/admin/login/"])
def test_cookie_with_a_nul_character_is_no_session(client: Client, path: str) -> None:
    answer = client.get(path, headers={"cookie": r'sessionid="\000aaaaaaaa"'})
    assert answer.status_code in {200, 401}
