"""
Mistakes in settings: one line names the variable and the remedy, never the value.

Those that processes are started with stand in `tests/conventions/test_settings.py`.
"""

import os
import runpy
import subprocess
from pathlib import Path

import pytest

from tests.management.conftest import LONGEST_S, MANAGE

SETTINGS = str(Path(__file__).parents[2] / "orchestrator" / "settings.py")
SECRET = "hunter2"
SERVER = f"postgresql://ada:{SECRET}@127.0.0.1/name"
MISTAKES = [
    # the variable, its value, the remedy
    ("DATABASE_URL", "sqlite:////tmp", "names a folder: name a file in it."),
    ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
    ("DATABASE_URL", "sqlite://x.sqlite3", "must look like sqlite:///path or postgresql://"),
    ("DATABASE_URL", f"{SERVER}?{SECRET}=1", "behind its ? that PostgreSQL does not take"),
    ("DATABASE_URL", f"{SERVER}?connect_timeout=soon", "does not take: remove it."),
    ("DATABASE_URL", '"sqlite:///x.sqlite3"', "must look like sqlite:///path"),
    ("PUBLIC_BASE_URL", f"https://{SECRET} example.org", "must look like https://orchestrator."),
    ("PUBLIC_BASE_URL", "https://example.org/app", "stands at the root of its host, at no path."),
    ("PUBLIC_BASE_URL", "https://exämple.org", "must look like https://orchestrator."),
    ("STATEMENT_PIPELINE", "2", "must be one of 1, true, yes, on, 0, false, no, off."),
    ("PROXIES", "one", "must be a number from 0 to 99."),
    ("RUNS_DIR", "var/runs", "must be an absolute path."),
    ("RUNS_DIR", __file__, "names a file: name a folder."),
    ("LOG_LEVEL", "loud", "must be one of info, debug, warning, error."),
    ("ALLOWED_HOSTS", "example.org;example.com", "must be host names separated by commas"),
]


@pytest.mark.parametrize(("name", "value", "remedy"), MISTAKES)
def test_mistake_stops_the_start_with_variable_and_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, remedy: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(SETTINGS)

    text = str(stopped.value)
    assert text.startswith(f"Wrong setting: {name} ")
    assert remedy in text
    assert "\n" not in text
    assert SECRET not in text


@pytest.mark.parametrize(
    "query",
    ["connect_timeout=10", "sslmode=require&application_name=x", "prepare_threshold=None", ""],
)
def test_options_that_postgresql_takes_are_accepted(
    monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{SERVER}?{query}")
    assert runpy.run_path(SETTINGS)["DATABASES"]["default"]["NAME"] == "name"


@pytest.mark.parametrize("module", ["nowhere.settings", "orchestrator/settings.py"])
def test_settings_module_that_does_not_exist_is_one_line(module: str) -> None:
    ended = subprocess.run(
        [*MANAGE, "runs"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": module},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    [line] = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert line.startswith("Wrong setting: DJANGO_SETTINGS_MODULE must be a module written with")
    assert module not in line
