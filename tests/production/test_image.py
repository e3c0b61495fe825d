"""
What the image does, without a Docker engine: root's code in a folder, used by another user.

The user may read everything (this test's Python lies in root's home) and owns nothing but `var`.
"""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = ("web", "local-runner", "worker-1", "worker-2", "migrate")
IGNORED = (ROOT / ".dockerignore").read_text().split()
[USER] = re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE)
AS_USER = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"]
AS_USER += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
LONGEST_S = 90

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="it needs root and setpriv"
)


def is_left_out(path: str) -> bool:
    """Return True if .dockerignore keeps a path out of the image."""
    patterns = [pattern.removeprefix("**/") for pattern in IGNORED]
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """Yield a folder like that of the image."""
    with tempfile.TemporaryDirectory(prefix="image-", dir="/tmp") as made:
        folder = Path(made) / "orchestrator"
        shutil.copytree(ROOT, folder, ignore=lambda _, names: list(filter(is_left_out, names)))
        (folder / "var").mkdir()
        os.chown(folder / "var", int(USER), int(USER))
        Path(made).chmod(0o755)
        yield folder


def run(image: Path, *command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as the user of the image, with the variables of the image."""
    [line] = re.findall(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE)
    variables = dict(re.findall(r"(\w+)=(\S+)", line))
    return subprocess.run(
        [*AS_USER, sys.executable, *command],
        cwd=image,
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", **variables, **settings},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )


@pytest.mark.parametrize("name", [".env", ".secret_key", "db.sqlite3-wal", ".git", "var", ".venv"])
def test_secrets_and_what_is_local_stay_out_of_image_and_repository(name: str) -> None:
    assert is_left_out(name)
    ignored = subprocess.run(["git", "check-ignore", "-q", f"{name}/"], cwd=ROOT, check=False)
    assert name == ".git" or ignored.returncode in {0, 128}  # 128: this is no repository


@needs_root
@pytest.mark.parametrize(
    "command", [["manage.py", "migrate"], ["-m", "gunicorn", "--bind", "127.0.0.1:0"]], ids=str
)
def test_container_without_settings_says_what_is_missing(image: Path, command: list[str]) -> None:
    ended = run(image, *command, WEB_CONCURRENCY="4")
    assert ended.returncode in {1, 3}
    assert "Wrong setting: SECRET_KEY is required when DEBUG is off" in ended.stderr
    assert "Traceback" not in ended.stderr


@needs_root
def test_backup_of_the_image_writes_into_var_alone(image: Path) -> None:
    settings = {"SECRET_KEY": "k" * 50, "DATABASE_URL": "sqlite:///var/db.sqlite3"}
    before = files_outside_var(image)
    for command in ("migrate -v 0", "import_workflow examples/backup.yaml", "run_workflow backup"):
        ended = run(image, "manage.py", *command.split(), **settings)
        assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr
    assert "run 1 succeeded" in ended.stdout
    assert list((image / "var" / "backups").iterdir())
    assert files_outside_var(image) == before


def files_outside_var(image: Path) -> set[Path]:
    """Return the files that are root's."""
    return {path for path in image.rglob("*") if image / "var" not in path.parents}


@pytest.mark.parametrize("name", OURS)
def test_service_has_all_settings_of_the_file_and_keeps_var(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["env_file"] == [{"path": ".env", "required": False}]
    assert service["environment"]["POSTGRES_PASSWORD"] == ""
    assert service["volumes"] == ["var:/srv/orchestrator/var"]
    assert re.search(r"^VOLUME /srv/orchestrator/var$", DOCKERFILE, re.MULTILINE)


def test_services_start_after_migrations_and_say_whether_they_are_healthy() -> None:
    services = COMPOSE["services"]
    for name in set(OURS) - {"migrate"}:
        after = services[name]["depends_on"]["migrate"]
        assert after == {"condition": "service_completed_successfully"}
    assert all("healthcheck" in services[name] for name in ("web", "postgres", "redis"))
