"""The settings of a project: in one place or each on its own, with defaults, never half right."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from runners.conf import DECLARED, setting, unknown_names
from tests.support.secrets import VALUE


@pytest.fixture
def bare(settings: Settings) -> Settings:
    """Return the settings of a project that has none of ours."""
    for name in DECLARED:
        if hasattr(settings, name):
            delattr(settings, name)
    del settings.REST_FRAMEWORK
    return settings


def test_project_without_our_settings_has_all_of_them(bare: Settings) -> None:
    found = {name: setting(name) for name in DECLARED}

    root = Path(__file__).resolve().parents[2]
    assert (found["BASE_DIR"], found["RUNS_DIR"]) == (root, root / "var" / "runs")
    assert found["TASK_FUNCTION_MODULES"] == ["runners.functions"]
    assert found["NUM_PROXIES"] == found["KEEP_RUNS_DAYS"] == 0
    for name, value in found.items():  # a default is what a project could have written
        setattr(bare, name, value)
        assert name == "CELERY_APP" or setting(name) == value


def test_setting_in_our_dictionary_comes_before_the_one_of_its_own(settings: Settings) -> None:
    settings.KEEP_RUNS_DAYS = 3
    assert setting("KEEP_RUNS_DAYS") == 3
    settings.ORCHESTRATOR = {"KEEP_RUNS_DAYS": 5}
    assert setting("KEEP_RUNS_DAYS") == 5


def test_base_dir_of_old_projects_is_text(settings: Settings) -> None:
    settings.BASE_DIR = "/srv/shop"
    del settings.RUNS_DIR
    assert setting("RUNS_DIR") == Path("/srv/shop/var/runs")


def test_limits_that_are_not_given_stay_as_they_are(settings: Settings) -> None:
    settings.ORCHESTRATOR = {"FAILED_LOGINS": {"per_user": 3}}
    assert setting("FAILED_LOGINS") == {"per_address": 50, "per_user": 3, "seconds": 900}


def test_slash_at_the_end_of_an_address_does_not_count(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = "https://shop.example.org/back/"
    assert setting("PUBLIC_BASE_URL") == "https://shop.example.org/back"


def test_number_of_proxies_is_that_of_the_rest_framework(bare: Settings) -> None:
    bare.REST_FRAMEWORK = {"NUM_PROXIES": 2}
    assert setting("NUM_PROXIES") == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_DIR", f"{VALUE}/relative"),
        ("CELERY_APP", [VALUE]),
        ("FAILED_LOGINS", {"per_user": VALUE}),
        ("FAILED_LOGINS", {"per_user": 0}),
        ("FAILED_LOGINS", {VALUE: 1}),
        ("KEEP_RUNS_DAYS", -1),
        ("KEEP_RUNS_DAYS", True),
        ("KEEP_LOGS_DAYS", VALUE),
        ("KEEP_LOG_MB", 0),
        ("KEEP_LOG_MB", 101),
        ("KEEP_SECRETS_DAYS", 36_501),
        ("NUM_PROXIES", None),
        ("PUBLIC_BASE_URL", f"shop.example.org/{VALUE}"),
        ("PUBLIC_BASE_URL", f"https://ada:{VALUE}@shop.example.org"),
        ("PUBLIC_BASE_URL", f"https://shop.example.org:{VALUE}"),
        ("RUNNER_BACKENDS", [VALUE]),
        ("RUNNER_BACKENDS", {"local": VALUE.__class__}),
        ("RUNS_DIR", 7),
        ("SECRETS_KEYS", VALUE),
        ("STATEMENT_PIPELINE", VALUE),
        ("TASK_FUNCTION_MODULES", VALUE),
    ],
)
def test_wrong_value_is_refused_without_showing_it(
    name: str, value: Any, settings: Settings
) -> None:
    settings.ORCHESTRATOR = {name: value}
    with pytest.raises(ImproperlyConfigured) as refused:
        setting(name)
    assert str(refused.value) == f"{name} {DECLARED[name].wanted}"
    assert VALUE not in str(refused.value)


def test_names_that_are_no_setting_are_known(settings: Settings) -> None:
    settings.ORCHESTRATOR = {"RUN_DIR": "/srv/runs", "RUNS_DIR": "/srv/runs"}
    assert unknown_names() == ["RUN_DIR"]


def test_anything_but_a_dictionary_is_refused(settings: Settings) -> None:
    settings.ORCHESTRATOR = ["RUNS_DIR"]
    with pytest.raises(ImproperlyConfigured, match="ORCHESTRATOR must be a dictionary"):
        setting("RUNS_DIR")
