"""The login of the admin refuses further attempts after too many failures."""

from base64 import b64encode
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.factories import UserFactory

TOO_MANY = "Too many failed logins. Try again in a minute."


@pytest.fixture(autouse=True)
def _few_failures(settings: Settings) -> None:
    settings.FAILED_LOGINS = {"per_address": 4, "per_user": 2, "seconds": 60}


@pytest.fixture(autouse=True)
def alice(db: None) -> User:
    return UserFactory.create(username="alice", is_superuser=True, is_staff=True)


def login(name: str = "alice", *, guess: str = "", **meta: Any) -> Any:
    body = {"username": name, "password": guess or "swordfish"}
    return Client().post("/admin/login/?next=/admin/", body, **meta)


def refusals(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return list(answer.context["form"].non_field_errors())


def test_correct_password_logs_in() -> None:
    assert [login().status_code for _ in range(5)] == [302] * 5


def test_too_many_failures_block_a_user_name_from_every_address() -> None:
    for n in range(2):
        assert refusals(login(guess="wrong", REMOTE_ADDR=f"10.0.0.{n}")) != [TOO_MANY]

    assert refusals(login(REMOTE_ADDR="10.0.0.9")) == [TOO_MANY]


def test_too_many_failures_block_an_address_for_every_user_name() -> None:
    for n in range(4):
        assert refusals(login(f"guess{n}", HTTP_X_FORWARDED_FOR=f"10.9.9.{n}")) != [TOO_MANY]

    assert refusals(login()) == [TOO_MANY]
    assert login(REMOTE_ADDR="10.0.0.2").status_code == 302


def test_failed_admin_logins_count_for_the_api_too() -> None:
    for _ in range(2):
        login(guess="wrong")

    basic = b64encode(b"alice:swordfish").decode()
    assert Client().get("/tasks", headers={"Authorization": f"Basic {basic}"}).status_code == 429


def test_open_session_survives_blocking_of_its_user_name(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    for _ in range(3):
        login(guess="wrong")

    assert client.get("/admin/").status_code == 200


def test_guesses_in_the_password_form_count_as_failed_logins(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    new = {"new_password1": "a-new-pass-word", "new_password2": "a-new-pass-word"}

    answers = [
        client.post("/admin/password_change/", {"old_password": guess, **new})
        for guess in ("wrong", "wrong again", "swordfish")
    ]

    assert answers[0].context["form"].errors["old_password"] != [TOO_MANY]
    assert answers[2].context["form"].errors["old_password"] == [TOO_MANY]
    assert refusals(login()) == [TOO_MANY]


def test_password_is_changed_by_who_knows_it(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    new = {"new_password1": "a-new-pass-word", "new_password2": "a-new-pass-word"}

    answer = client.post("/admin/password_change/", {"old_password": "swordfish", **new})

    assert answer["Location"] == "/admin/password_change/done/"
    assert login(guess="a-new-pass-word").status_code == 302


@pytest.mark.parametrize("name", ["", "\0", "alice\0", "x" * 60_000, "{{ 7*7 }}", "' OR 1=1 --"])
def test_malformed_user_names_are_refused(name: str) -> None:
    answer = login(name)

    assert answer.status_code == 200
    assert answer.context["form"].errors


def test_session_cookie_is_httponly_and_samesite() -> None:
    cookie = login().cookies["sessionid"]

    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 43_200)
