"""A runner's options and credentials by API: credentials go in and never come out."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from runners.models import Runner
from tests.support.secrets import VALUE, places_of

HTTP = {"name": "far", "kind": "http", "url": "https://gpu-1"}
NO_TEXT = "Not a valid string: write a text in quotes."
NO_OBJECT = 'Expected an object, such as {"key": "value"}, but got type "list".'


@pytest.fixture
def far(api: APIClient) -> int:
    """Make a runner with a token; return its id."""
    made: int = api.post("/runners", {**HTTP, "token": VALUE}).json()["id"]
    return made


def token_of(pk: int) -> str | None:
    return Runner.objects.get(pk=pk).address.credentials.get("token")


@pytest.mark.parametrize("body", [{"token": VALUE}, {"credentials": {"token": VALUE}}])
def test_token_is_stored_encrypted_and_not_answered(api: APIClient, body: dict[str, Any]) -> None:
    made = api.post("/runners", {**HTTP, **body})

    assert (made.status_code, made.json()["credentials_set"]) == (201, ["token"])
    answers = [made, api.get("/runners"), api.get(f"/runners/{made.json()['id']}")]
    for answer in answers:
        assert VALUE not in answer.content.decode()
    assert not {"token", "credentials"} & made.json().keys()
    assert token_of(made.json()["id"]) == VALUE
    assert places_of() == []


def test_change_of_another_field_keeps_token(api: APIClient, far: int) -> None:
    answer = api.patch(f"/runners/{far}", {"is_enabled": False, "credentials": {}})

    assert answer.json()["credentials_set"] == ["token"]
    assert token_of(far) == VALUE


@pytest.mark.parametrize(
    "cleared", [{"token": ""}, {"token": None}, {"credentials": {"token": ""}}]
)
def test_empty_token_removes_it(api: APIClient, far: int, cleared: dict[str, Any]) -> None:
    assert api.patch(f"/runners/{far}", cleared).json()["credentials_set"] == []
    assert token_of(far) is None


def test_new_token_replaces_old_one(api: APIClient, far: int) -> None:
    api.patch(f"/runners/{far}", {"token": "another"})

    assert token_of(far) == "another"


@pytest.mark.parametrize(
    "token", ["with space", "line\nend", "end\n", "schlüssel", "\t", "x" * 4001]
)
def test_token_that_no_header_can_carry_is_refused(api: APIClient, token: str) -> None:
    answer = api.post("/runners", {**HTTP, "token": token})

    why = "Give a token of at most 4000 ASCII characters, without spaces and line ends."
    assert (answer.status_code, answer.json()) == (400, {"token": [why]})
    assert not Runner.objects.filter(name="far").exists()


NO_TOKEN = "Leave this empty: runners of kind local have no token."
NO_FLIE = (
    "Leave this empty: runners of kind http have no ca_flie; "
    "they have ca_file, client_certificate, client_key."
)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": "near", "token": "x"}, {"token": [NO_TOKEN]}),
        ({**HTTP, "options": {"ca_flie": "/x"}}, {"options": {"ca_flie": [NO_FLIE]}}),
        ({**HTTP, "token": 7}, {"token": [NO_TEXT]}),
        (
            {**HTTP, "options": {"ca_file": 7}},
            {"options": {"ca_file": [NO_TEXT]}},
        ),
        (
            {**HTTP, "options": []},
            {"options": [NO_OBJECT]},
        ),
        ({**HTTP, "credentials_set": []}, ["credentials_set"]),
        ({**HTTP, "called_back_at": None}, ["called_back_at"]),
    ],
)
def test_wrong_option_or_credential_is_refused_by_name(
    api: APIClient, body: dict[str, Any], errors: Any
) -> None:
    answer = api.post("/runners", body)

    found = answer.json()
    assert (answer.status_code, found if isinstance(errors, dict) else [*found]) == (400, errors)


def test_kind_without_token_is_refused_while_one_is_set(api: APIClient, far: int) -> None:
    change = {"kind": "local", "url": ""}

    assert api.patch(f"/runners/{far}", change).json() == {"token": [NO_TOKEN]}
    assert api.patch(f"/runners/{far}", {**change, "token": ""}).status_code == 200


def test_token_that_cannot_be_read_hinders_no_other_call(
    api: APIClient, far: int, settings: Settings
) -> None:
    settings.SECRET_KEY = "another"

    assert api.get("/runners").status_code == 200
    assert api.patch(f"/runners/{far}", {"capacity": 2}).json()["credentials_set"] == ["token"]
    assert api.patch(f"/runners/{far}", {"token": "again"}).status_code == 200
    assert token_of(far) == "again"


def test_malformed_key_refuses_new_token(api: APIClient, settings: Settings) -> None:
    settings.SECRETS_KEYS = ["too short"]
    answer = api.post("/runners", {**HTTP, "token": VALUE})

    assert (answer.status_code, "SECRETS_KEYS" in answer.content.decode()) == (400, True)
