"""Guesses of passwords are counted before they are checked, whatever spelling and address."""

from base64 import b64encode
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.test import Client
from pytest_django import Settings

from tests.support.threads import at_once
from workflows.models import Counter


@pytest.fixture
def checked() -> Iterator[list[str]]:
    """Return the names of those whose passwords were checked and found wrong."""
    names: list[str] = []

    def note(credentials: dict[str, str], **_: object) -> None:
        names.append(credentials["username"])

    user_login_failed.connect(note)
    yield names
    user_login_failed.disconnect(note)


def guess(name: str = "alice", *, is_right: bool = False, address: str = "10.0.0.1") -> int:
    basic = b64encode(f"{name}:{'swordfish' if is_right else 'wrong'}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    return Client(REMOTE_ADDR=address).get("/tasks", headers=headers).status_code


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_checked_up_to_the_limit(
    checked: list[str], settings: Settings
) -> None:
    settings.FAILED_LOGINS = {"per_address": 50, "per_user": 3, "seconds": 60}

    answers = at_once([guess] * 10)

    assert sorted(map(str, answers)) == ["401"] * 3 + ["429"] * 7
    assert checked == ["alice"] * 3


@pytest.mark.django_db(transaction=True)
def test_right_passwords_at_the_same_moment_are_no_guesses(alice: User, settings: Settings) -> None:
    settings.FAILED_LOGINS = {"per_address": 3, "per_user": 3, "seconds": 60}

    answers = at_once([lambda: guess(is_right=True)] * 12)

    assert answers == [200] * 12
    assert [counter.count for counter in Counter.objects.all()] == [0, 0]


def test_spellings_of_a_name_are_counted_together(alice: User, settings: Settings) -> None:
    settings.FAILED_LOGINS = {"per_address": 50, "per_user": 4, "seconds": 60}

    answers = [guess(name) for name in ("alice", "ALICE", "\uff21lice", " alice ", "aliCe")]

    assert answers == [401, 401, 401, 401, 429]
    assert guess(is_right=True) == 429


def test_addresses_of_one_ipv6_network_are_counted_together(
    alice: User, settings: Settings
) -> None:
    settings.FAILED_LOGINS = {"per_address": 2, "per_user": 50, "seconds": 60}

    answers = [guess(f"guess{n}", address=f"2001:db8:0:1::{n}") for n in range(1, 4)]

    assert answers == [401, 401, 429]
    assert guess(is_right=True, address="2001:db8:0:1::9") == 429
    assert guess(is_right=True, address="2001:db8:0:2::1") == 200
    assert guess(is_right=True, address="::ffff:10.0.0.1") == 200


def test_refused_guess_for_a_blocked_name_does_not_count_for_its_address(
    alice: User, settings: Settings
) -> None:
    settings.FAILED_LOGINS = {"per_address": 2, "per_user": 1, "seconds": 60}

    assert [guess(), guess(), guess(), guess()] == [401, 429, 429, 429]
    assert guess("bob") == 401


@pytest.mark.parametrize("name", ["alice", "nobody", "sleeper", "machine"])
def test_every_name_is_blocked_after_the_same_number_of_guesses(
    alice: User, settings: Settings, name: str
) -> None:
    User.objects.create_user("sleeper", password="x", is_active=False)
    User.objects.create_user("machine")  # has no password
    settings.FAILED_LOGINS = {"per_address": 50, "per_user": 2, "seconds": 60}

    assert [guess(name) for _ in range(4)] == [401, 401, 429, 429]


@pytest.mark.parametrize("name", ["alice", "nobody", "sleeper", "machine"])
def test_every_name_costs_one_check_of_a_password(
    alice: User, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    User.objects.create_user("sleeper", password="x", is_active=False)
    User.objects.create_user("machine")
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)

    assert guess(name) == 401
    assert len(hashed) == 1
