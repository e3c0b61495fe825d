"""The deployment files keep the promise that nothing outlives its executor."""

import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "systemd"
UNITS = sorted(FOLDER.iterdir())
EXECUTORS = {"orchestrator-local-runner.service", "orchestrator-celery.service"}
IMPLY_NO_NEW_PRIVILEGES = {
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "NoNewPrivileges",
    "PrivateDevices",
    "ProtectClock",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "SystemCallArchitectures",
    "SystemCallFilter",
}
"""With any of them, the commands of a unit could not use sudo."""
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())

each_service = pytest.mark.parametrize(
    "unit", [each for each in UNITS if each.suffix == ".service"], ids=lambda unit: unit.name
)


def service_of(unit: Path) -> dict[str, str]:
    """Return the keys of a unit's service."""
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text())
    return dict(parser["Service"])


def seconds(text: str) -> int:
    """Return a span of systemd or Compose in seconds."""
    unit_s = {"s": 1, "m": 60, "min": 60, "h": 3_600}
    [(number, unit)] = re.findall(r"^(\d+)(\w+)$", text)
    return int(number) * unit_s[unit]


def test_there_is_a_unit_for_each_process() -> None:
    assert {unit.name for unit in UNITS} == {
        *EXECUTORS,
        "orchestrator-web.service",
        "orchestrator-backup.service",
        "orchestrator-backup.timer",
        "orchestrator-tick.service",
        "orchestrator-tick.timer",
    }


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # Where the installation will be, there is none on this machine.
        text = re.sub(r"=/srv/orchestrator/.venv/bin/\w+", "=/bin/true", unit.read_text())
        (tmp_path / unit.name).write_text(text.replace("/srv/orchestrator", str(ROOT)))
    answer = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")


@each_service
def test_services_run_as_their_own_user_with_the_settings_of_one_file(unit: Path) -> None:
    service = service_of(unit)
    assert service["User"] == "orchestrator"
    assert service["EnvironmentFile"] == "/etc/orchestrator.env"
    assert service["KillMode"] == "mixed"


@pytest.mark.parametrize("query", ["", "?host=a,b&target_session_attrs=read-write"])
def test_shell_reads_the_settings_of_the_example(query: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "production.md").read_text()
    [example] = re.findall(r"(DEBUG=off\n.*?)END\n", page, re.DOTALL)
    url = f"postgresql://orchestrator:…@db.example.org/orchestrator{query}"
    (tmp_path / "env").write_text(re.sub(r"postgresql:[^'\n]*", url, example))

    command = ["sh", "-c", "set -ae; . ./env; env"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert f"DATABASE_URL={url}" in said.splitlines()


@each_service
def test_services_come_back_unless_they_were_stopped(unit: Path) -> None:
    service = service_of(unit)
    assert service["Type"] == "oneshot" or service["Restart"] == "on-failure"


@pytest.mark.parametrize("name", sorted(EXECUTORS))
def test_executors_may_finish_and_their_commands_keep_their_rights(name: str) -> None:
    service = service_of(FOLDER / name)
    assert seconds(service["TimeoutStopSec"]) >= 600
    assert service["OOMPolicy"] == "continue"
    assert service.keys().isdisjoint(IMPLY_NO_NEW_PRIVILEGES)


def test_local_runner_is_given_more_time_than_it_gives() -> None:
    service = service_of(FOLDER / "orchestrator-local-runner.service")
    [grace] = re.findall(r"--grace (\d+)", service["ExecStart"])
    assert seconds(service["TimeoutStopSec"]) >= int(grace) + 30
    compose = COMPOSE["services"]["local-runner"]
    [grace] = re.findall(r"--grace (\d+)", compose["command"])
    assert seconds(compose["stop_grace_period"]) >= int(grace) + 30


@pytest.mark.parametrize("name", ["web", "local-runner", "worker-1", "worker-2"])
def test_containers_have_an_init_process_and_time_to_stop(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["init"] is True
    assert seconds(service["stop_grace_period"]) >= 60
