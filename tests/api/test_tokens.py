"""`manage.py create_api_token`."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone
from knox.models import AuthToken
from pytest_django import Settings
from rest_framework.test import APIClient


@pytest.mark.parametrize(("arguments", "days"), [([], 90), (["--days", "2"], 2)])
def test_last_word_of_the_output_is_a_valid_token(
    alice: User, capsys: pytest.CaptureFixture[str], arguments: list[str], days: int
) -> None:
    call_command("create_api_token", "alice", *arguments)

    token = capsys.readouterr().out.split()[-1]
    assert APIClient().get("/tasks", HTTP_AUTHORIZATION=f"Token {token}").status_code == 200
    left = AuthToken.objects.get(user=alice).expiry - timezone.now()
    assert timedelta(days=days, minutes=-1) < left <= timedelta(days=days)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nobody"], "There is no user named 'nobody'; make one"),
        (["Alice"], "There is no user named 'Alice'; make one"),
        (["alice"], "User 'alice' is not active; activate it"),
        (["alice", "--days", "0"], "argument --days: '0' is not a whole number of at least 1"),
        (["alice", "--days", "-1"], "argument --days: '-1' is not a whole number"),
        (["alice", "--days", "9999999999"], "argument --days: '9999999999' is too large"),
        (["alice", "--days", "36501"], "--days must be from 1 to 36500."),
    ],
)
def test_wrong_arguments_create_no_token(alice: User, arguments: list[str], text: str) -> None:
    User.objects.update(is_active=False)

    with pytest.raises(CommandError) as refused:
        call_command("create_api_token", *arguments)

    assert text in str(refused.value)
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize(
    ("lifetime", "end"),
    [
        (timedelta(hours=10), r"good until \d{4}-\d\d-\d\d \d\d:\d\d UTC"),  # knox's own default
        (timedelta(days=3), r"good until \d{4}-\d\d-\d\d"),
        (None, "good forever"),
    ],
)
def test_tokens_live_as_long_as_the_project_says(
    alice: User,
    capsys: pytest.CaptureFixture[str],
    settings: Settings,
    lifetime: timedelta | None,
    end: str,
) -> None:
    settings.REST_KNOX = {"TOKEN_TTL": lifetime}

    call_command("create_api_token", "alice")

    said = capsys.readouterr().out
    assert re.match(rf"Token of alice, {end}: \w+\n$", said)
    created = AuthToken.objects.get(user=alice)
    assert (created.expiry is None) is (lifetime is None)


def test_project_without_tokens_is_told_how_to_have_some(alice: User) -> None:
    without = [app for app in settings.INSTALLED_APPS if app != "knox"]
    with override_settings(INSTALLED_APPS=without), pytest.raises(CommandError) as refused:
        call_command("create_api_token", "alice")
    assert "pip install 'django-orchestrator[tokens]'" in str(refused.value)
