"""
docs/production.md is typed as it stands, in a machine of its own, from packages to a restore.

The machine is a mount and process namespace: its /etc, /srv, /run and /usr/local are laid over
those of this one, and end with it. Packages are those of this machine, systemctl is a stand-in.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.postgres import server

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "production.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CODE = (
    *("docs", "examples", "orchestrator", "runners", "scripts", "templates", "workflows"),
    *("manage.py", "gunicorn.conf.py", "requirements.txt"),
)
LAYERS = ("/etc", "/run", "/srv", "/usr/local")
NAMESPACE = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
MAKE_MACHINE = """
set -e
mount -t tmpfs none {home}/layers
for layer in {layers}; do
    mkdir -p {home}/layers$layer/upper {home}/layers$layer/work
    mount -t overlay none -o \\
        lowerdir=$layer,upperdir={home}/layers$layer/upper,workdir={home}/layers$layer/work $layer
done
mkdir -p /var/run/postgresql
chmod 755 {sockets}
mount --bind {sockets} /var/run/postgresql
export PATH={home}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
git config --system url.{home}/repository.insteadOf https://git.example.org/orchestrator.git
git config --system --add safe.directory '*'
"""


def can_make_a_machine() -> bool:
    """Return True if this process may lay folders over others, and has what Debian has."""
    needed = ("unshare", "runuser", "setpriv", "createuser", "git", "openssl", "curl")
    if os.geteuid() != 0 or not all(map(shutil.which, needed)):
        return False
    return subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not can_make_a_machine(), reason="namespaces or programs are missing"),
    pytest.mark.skipif(
        "TEST_DATABASE_URL" in os.environ, reason="it needs a PostgreSQL server of its own"
    ),
]


@pytest.fixture(scope="module")
def said() -> Iterator[str]:
    """Type the chapter, and yield what was answered."""
    # Not in pytest's folder: other users must be able to read this one.
    with tempfile.TemporaryDirectory(prefix="machine-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield type_chapter(Path(folder))


def type_chapter(home: Path) -> str:
    """Type all blocks in a machine whose files are kept in a folder."""
    (home / "layers").mkdir()
    make_repository(home / "repository")
    make_programs(home / "bin")
    kept = {name: text for name, text in os.environ.items() if name.startswith(("PIP_", "LANG"))}
    with server() as url:
        [sockets] = parse_qs(urlsplit(url).query)["host"]
        machine = MAKE_MACHINE.format(home=home, layers=" ".join(LAYERS), sockets=sockets)
        typed = "\n".join([machine, *(f"echo '== {n}'\n{text}" for n, text in enumerate(BLOCKS))])
        ended = subprocess.run(
            [*NAMESPACE, "bash", "-s"],
            input=typed,
            env={"HOME": "/root", "PIP_QUIET": "1", **kept},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=500,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout[-8_000:]
    return ended.stdout


def make_repository(path: Path) -> None:
    """Put the code into a repository, from which it is cloned."""
    path.mkdir()
    for name in CODE:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, path / name, ignore=ignored)
        else:
            shutil.copy2(ROOT / name, path / name)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "x"], check=True)


def make_programs(path: Path) -> None:
    """Write what stands in for apt-get and systemctl."""
    path.mkdir()
    systemctl = shlex.join([sys.executable, str(Path(__file__).with_name("systemctl.py"))])
    for name, line in (("apt-get", "exit 0"), ("systemctl", f'exec {systemctl} "$@"')):
        (path / name).write_text(f"#!/bin/sh\n{line}\n")
        (path / name).chmod(0o755)


def answer(said: str, block: int) -> str:
    """Return what one block of the chapter has answered."""
    return said.partition(f"== {block}\n")[2].partition(f"== {block + 1}\n")[0]


def test_check_of_the_deployment_finds_nothing(said: str) -> None:
    assert "System check identified no issues" in answer(said, 2)
    assert "WARNING" not in answer(said, 2)


def test_administrator_is_told_the_password(said: str) -> None:
    assert re.search(r"^Log in as admin with the password .{20}$", answer(said, 3), re.MULTILINE)


def test_site_is_ready(said: str) -> None:
    assert '{"status": "ready"}' in answer(said, 4)


def test_executor_starts(said: str) -> None:
    assert "Executing local attempts." in said


def test_backup_says_which_database_it_has_copied_and_lies_in_its_folder(said: str) -> None:
    assert "Database: PostgreSQL, orchestrator at /var/run/postgresql" in answer(said, 5)
    assert re.search(r"^Workflow run 1 succeeded\.$", answer(said, 5), re.MULTILINE)
    assert re.search(r"^\d{4}-\d\d-\d\d_\d{6}_\d{6}$", answer(said, 5), re.MULTILINE)


def test_restored_copy_is_explained_by_its_trail(said: str) -> None:
    assert "Runs verified: 1. The trail explains ever" in answer(said, 6)
