"""A wrong setting stops the start with one clear line that does not repeat the value."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SECRET = "hunter2"
OURS = {
    "DEBUG",
    "SECRET_KEY",
    "SECRETS_KEYS",
    "DATABASE_URL",
    "PROXIES",
    "ALLOWED_HOSTS",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "KEEP_RUNS_DAYS",
    "KEEP_LOGS_DAYS",
    "KEEP_LOG_MB",
    "KEEP_SECRETS_DAYS",
    "PUBLIC_BASE_URL",
    "STATEMENT_PIPELINE",
    "CELERY_BROKER_URL",
    "DJANGO_SETTINGS_MODULE",
}

Ended = subprocess.CompletedProcess[str]
Settings = Mapping[str, str]
NONE: Settings = {}


def run(*arguments: str, at: Path = ROOT, settings: Settings = NONE) -> Ended:
    """Run Python with these settings and no others."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=at,
        env={**environment, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def evaluate(settings: Settings) -> dict[str, Any]:
    """Return what the module of settings defines with these settings and no others."""
    with pytest.MonkeyPatch.context() as patch:
        for name in OURS:
            patch.delenv(name, raising=False)
        for name, value in settings.items():
            patch.setenv(name, value)
        return runpy.run_path(str(ROOT / "orchestrator" / "settings.py"))


def refusal(settings: Settings) -> str:
    """Return the line with which a process ends that starts with these settings."""
    with pytest.raises(SystemExit) as refused:
        evaluate(settings)
    return str(refused.value.code)


SWITCH = "must be one of 1, true, yes, on, 0, false, no, off."
MISSING = "is required when DEBUG is off: set it to a long random text."
DATABASE = "must look like sqlite:///path or postgresql://user:password@host/name"
UNREADABLE = "cannot be read; percent-encode special characters in the password."
BROKER = "must look like redis://host:6379/0 or amqp://user:password@host:5672/name"
KEYS = "must be keys of 44 characters, separated by commas: see docs/settings.md."
ADDRESS = "must look like https://orchestrator.example.org"
NO_PATH = f"{ADDRESS}: the site stands at the root of its host, at no path."
HOSTS = (
    "must be host names separated by commas, without https://, ports, paths and blanks, such as "
    "orchestrator.example.org"
)
NO_FOLDER = "names a file in a folder that does not exist: make the folder first."


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("DEBUG", SECRET, SWITCH),
        ("DATABASE_URL", SECRET, DATABASE),
        ("DATABASE_URL", f"mysql://ada:{SECRET}@host/name", DATABASE),
        ("DATABASE_URL", f"postgresql://ada:{SECRET}@host/", "does not name a database."),
        ("DATABASE_URL", f"postgresql://ada:{SECRET}@host:port/name", UNREADABLE),
        ("CELERY_BROKER_URL", SECRET, BROKER),
        ("CELERY_BROKER_URL", f"sqs://{SECRET}", BROKER),
        ("CELERY_BROKER_URL", f"redis://:{SECRET}@/0", BROKER),
        ("CELERY_BROKER_URL", f"redis://host:{SECRET}", BROKER),
        ("SECRETS_KEYS", SECRET, KEYS),
        ("SECRETS_KEYS", f"{'A' * 43}=,{SECRET}", KEYS),
        ("SECRETS_KEYS", f"{'A' * 44}", KEYS),
        ("SECRETS_KEYS", ",", KEYS),
        ("SECRETS_KEYS", f"{'A' * 43}=,", KEYS),
        ("SECRETS_KEYS", f"{'A' * 43}=, ,{'A' * 43}=", KEYS),
        ("PROXIES", SECRET, "must be a number from 0 to 99."),
        ("PROXIES", "-1", "must be a number from 0 to 99."),
        ("KEEP_LOG_MB", "0", "must be a number of megabytes from 1 to 100."),
        ("KEEP_LOG_MB", "101", "must be a number of megabytes from 1 to 100."),
        ("PUBLIC_BASE_URL", SECRET, ADDRESS),
        ("PUBLIC_BASE_URL", f"ftp://{SECRET}", ADDRESS),
        ("PUBLIC_BASE_URL", f"http://[{SECRET}", ADDRESS),
        ("PUBLIC_BASE_URL", f"http://host:{SECRET}", ADDRESS),
        ("PUBLIC_BASE_URL", f"https://host/{SECRET}", NO_PATH),
        ("PUBLIC_BASE_URL", f"https://ada:{SECRET}@host", NO_PATH),
        ("PUBLIC_BASE_URL", f"https://host?{SECRET}", NO_PATH),
        ("ALLOWED_HOSTS", f"https://{SECRET}.example.org", HOSTS),
        ("ALLOWED_HOSTS", f"a {SECRET}", HOSTS),
        ("ALLOWED_HOSTS", f"localhost,{SECRET}:8000", HOSTS),
        ("ALLOWED_HOSTS", f"{SECRET}/", HOSTS),
        ("DATABASE_URL", f"sqlite:////nowhere/{SECRET}/x.sqlite3", NO_FOLDER),
        ("LOG_LEVEL", SECRET, "must be one of info, debug, warning, error."),
        ("LOG_FORMAT", SECRET, "must be one of text, json."),
    ],
)
def test_a_wrong_setting_is_one_line(name: str, value: str, remedy: str) -> None:
    said = refusal({name: value})
    assert said == f"Wrong setting: {name} {remedy}"
    assert SECRET not in said


def test_a_wrong_setting_ends_a_command_with_its_line_alone() -> None:
    ended = run("manage.py", "check", settings={"DEBUG": SECRET})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Wrong setting: DEBUG {SWITCH}\n"


def test_a_secret_key_is_required_where_debug_is_off() -> None:
    assert refusal({"DEBUG": "off"}) == f"Wrong setting: SECRET_KEY {MISSING}"


@pytest.mark.parametrize("settings", [NONE, {"DATABASE_URL": ""}])
def test_a_database_is_required_where_debug_is_off(settings: Settings) -> None:
    assert refusal({"DEBUG": "off", "SECRET_KEY": "k", **settings}) == (
        "Wrong setting: DATABASE_URL is required when DEBUG is off: "
        "name the database of this installation."
    )


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://orch.example.org/", "https://orch.example.org"),
        ("HTTPS://Orch.Example.org:443", "https://orch.example.org"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_written_as_browsers_do(address: str, origin: str) -> None:
    assert evaluate({"PUBLIC_BASE_URL": address})["CSRF_TRUSTED_ORIGINS"] == [origin]


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", ["localhost", "127.0.0.1", "[::1]"]),
        ("a.example.org, .b.org,[::1]", ["a.example.org", ".b.org", "[::1]"]),
        ("*", ["*"]),
    ],
)
def test_hosts_are_a_list_and_none_means_this_machine(text: str, hosts: list[str]) -> None:
    assert evaluate({"ALLOWED_HOSTS": text})["ALLOWED_HOSTS"] == hosts


def checked(**settings: str) -> Ended:
    """Run `check --deploy` with the settings of an installation."""
    with TemporaryDirectory() as folder:  # the database of this checkout may be an old, open one
        here = {
            "DEBUG": "off",
            "SECRET_KEY": "".join(map(chr, range(48, 123))),
            "DATABASE_URL": f"sqlite:///{folder}/new.sqlite3",
            **settings,
        }
        return run("manage.py", "check", "--deploy", "--fail-level", "WARNING", settings=here)


def test_an_installation_with_https_has_nothing_to_be_warned_of() -> None:
    ended = checked(PUBLIC_BASE_URL="https://orchestrator.example.org")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_installation_without_https_is_warned() -> None:
    ended = checked(PUBLIC_BASE_URL="http://orchestrator.example.org")
    assert ended.returncode == 1
    assert re.findall(r"security\.W\d+", ended.stderr) == [
        "security.W004",  # no HSTS
        "security.W010",  # cookies that travel in the clear
        "security.W016",
    ]


def test_keys_are_a_list_and_none_is_needed() -> None:
    keys = [f"{letter * 41}-_=" for letter in "AB"]
    assert evaluate(NONE)["SECRETS_KEYS"] == []
    assert evaluate({"SECRETS_KEYS": ", ".join(keys)})["SECRETS_KEYS"] == keys


@pytest.mark.parametrize("word", ["1", "true", "TRUE", "yes", "on", ""])
def test_words_that_switch_debug_on(word: str) -> None:
    assert debug_is(word) is True


@pytest.mark.parametrize("word", ["0", "false", "no", "Off"])
def test_words_that_switch_debug_off(word: str) -> None:
    assert debug_is(word) is False


def debug_is(word: str) -> object:
    settings = {"DEBUG": word, "SECRET_KEY": "k" * 60, "DATABASE_URL": "postgresql://host/name"}
    return evaluate(settings)["DEBUG"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a copy of the code in a directory whose name is hard to put into a URL."""
    copy = tmp_path / "my project + 100% #1?"
    for package in ("orchestrator", "workflows", "runners", "templates", "examples"):
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "manage.py", copy)
    return copy


def test_the_embedded_database_and_the_key_stay_in_the_checkout(elsewhere: Path) -> None:
    ended = run("manage.py", "migrate", "--verbosity", "0", at=elsewhere)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (elsewhere / "db.sqlite3").stat().st_size
    key = elsewhere / ".secret_key"
    assert key.stat().st_mode & 0o777 == 0o600
    made = key.read_text()
    run("manage.py", "check", at=elsewhere)
    assert key.read_text() == made
    assert [path.name for path in elsewhere.parent.iterdir()] == [elsewhere.name]


def test_an_empty_key_file_is_refused(elsewhere: Path) -> None:
    (elsewhere / ".secret_key").touch()
    ended = run("manage.py", "check", at=elsewhere)
    assert ended.returncode == 1
    assert ended.stderr == (
        "Wrong setting: SECRET_KEY is unset and .secret_key is empty: delete that file.\n"
    )


@pytest.mark.parametrize(("query", "kept"), [("", 5), ("?prepare_threshold=None", None)])
def test_the_url_may_switch_prepared_statements_off(query: str, kept: int | None) -> None:
    settings = evaluate({"DATABASE_URL": f"postgresql://ada@host/name{query}"})
    assert settings["DATABASES"]["default"]["OPTIONS"]["prepare_threshold"] == kept
